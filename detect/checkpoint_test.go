package detect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// disturbed is wave with incidents: a spike, a level shift, a flat stretch.
func disturbed(i int) float64 {
	switch v := wave(i); {
	case i >= 1000 && i < 1003:
		return v + 200
	case i >= 1500 && i < 1700:
		return v - 150
	case i >= 2000 && i < 2100:
		return 77
	default:
		return v
	}
}

func TestCheckpointContinuesTheUninterruptedRun(t *testing.T) {
	for _, profile := range []Profile{ProfileDefault, ProfileSkyline} {
		rapid.Check(t, func(t *rapid.T) {
			cut := rapid.IntRange(0, []int{2300, 700}[profile]).Draw(t, "cut")
			cfg := Config{Profile: profile, Open: 1000, Skyline: SkylineConfig{FullDuration: 2 * time.Hour}}
			whole, err := New(cfg, Meta{})
			if err != nil {
				t.Fatal(err)
			}
			for i := range cut {
				whole.Step(int64(i)*minute, disturbed(i))
			}
			part, err := Restore(cfg, Meta{}, whole.AppendState(nil))
			if err != nil {
				t.Fatal(err)
			}
			for i := cut; i < cut+150; i++ {
				a, b := whole.Step(int64(i)*minute, disturbed(i)), part.Step(int64(i)*minute, disturbed(i))
				if a != b {
					t.Fatalf("step %d: restored gives %+v, uninterrupted %+v", i, b, a)
				}
			}
			if d := cmp.Diff(whole.Explain(), part.Explain()); d != "" {
				t.Fatalf("explanations differ:\n%s", d)
			}
			if !bytes.Equal(whole.AppendState(nil), part.AppendState(nil)) {
				t.Fatal("checkpoints differ")
			}
		})
	}
}

func TestRestoreRefusesForeignState(t *testing.T) {
	s := series(t, Config{}, Meta{})
	for i := range 500 {
		s.Step(int64(i)*minute, wave(i))
	}
	good := s.AppendState(nil)
	flip := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 0xff
		return b
	}
	for name, state := range map[string][]byte{
		"nothing": nil, "short": good[:len(good)-1], "long": append(bytes.Clone(good), 0),
		"version": flip(3), "layout": flip(4), "configuration": flip(12), "contents": flip(300),
	} {
		if _, err := Restore(Config{}, Meta{}, state); !errors.Is(err, ErrForeignState) {
			t.Errorf("%s: error %v, want ErrForeignState", name, err)
		}
	}
	if _, err := Restore(Config{Budget: 5}, Meta{}, good); !errors.Is(err, ErrForeignState) {
		t.Errorf("other budget: error %v, want ErrForeignState", err)
	}
}

// Whatever the bytes are, Restore refuses them or returns a series that steps.
func FuzzRestore(f *testing.F) {
	s := series(f, Config{}, Meta{})
	for i := range 500 {
		s.Step(int64(i)*minute, wave(i))
	}
	good := s.AppendState(nil)
	f.Add(uint16(30), byte(1))
	f.Add(uint16(30), byte(0))
	f.Fuzz(func(t *testing.T, at uint16, x byte) {
		state := bytes.Clone(good)
		state[int(at)%len(state)] ^= x
		s, err := Restore(Config{}, Meta{}, state)
		if damaged := !bytes.Equal(state, good); damaged != errors.Is(err, ErrForeignState) {
			t.Fatalf("damaged %v, error %v", damaged, err)
		}
		if err == nil {
			checkResult(t, 500, s.Step(500*minute, wave(500)))
		}
	})
}

// Everything in the state must have a fixed size and an exported name, or
// AppendState could not write it.
func TestStateIsFlat(t *testing.T) {
	if binary.Size(state{}) <= 0 {
		t.Fatal("a field of state has no fixed size")
	}
	var walk func(reflect.Type)
	walk = func(ty reflect.Type) {
		if ty.Kind() == reflect.Array {
			walk(ty.Elem())
		}
		if ty.Kind() != reflect.Struct {
			return
		}
		for i := range ty.NumField() {
			if !ty.Field(i).IsExported() {
				t.Errorf("%s.%s is not exported", ty, ty.Field(i).Name)
			}
			walk(ty.Field(i).Type)
		}
	}
	walk(reflect.TypeFor[state]())
	if size := reflect.TypeFor[Series]().Size(); size > 2252 {
		t.Errorf("a Series takes %d bytes, more than 2.2 KB", size)
	}
}
