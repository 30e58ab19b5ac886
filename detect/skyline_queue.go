package detect

// A queue of points is a slice whose first head elements are dropped:
//
//	 dropped   the window, in order of time    slack
//	[.........|===============================|.......]
//	          head                            len      cap
//
// It is contiguous, unlike a ring, so the window is one slice to every
// algorithm. A push that finds no slack moves the window to the front, once in
// slack pushes: a few nanoseconds each.

// slack is the room kept at the end of a queue whose window no longer grows.
const slack = 64

// slide makes room for one more. It returns the queue, of which n elements are
// kept, and its head.
func slide[T any](q []T, head, n int) ([]T, int) {
	if len(q) < cap(q) {
		return q, head
	}
	room := n + slack
	switch {
	case head < slack/2: // The window grows.
		room += n / 8
	case cap(q) <= room+room/16:
		copy(q, q[head:])
		return q[:n], 0
	}
	moved := make([]T, n, room)
	copy(moved, q[head:])
	return moved, 0
}
