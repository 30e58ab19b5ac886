// Package config reads the one YAML file of a server, all of it optional:
// types with their defaults visible, validation that reports every error at
// once with its line and a suggestion, and the difference between two files
// for reload.
//
// It refuses layers: there is no environment override, no include, no
// precedence puzzle. Flags set what belongs to the process (addresses, paths),
// the file sets what belongs to the service, and the two do not overlap.
package config
