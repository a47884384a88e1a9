package words

import "github.com/agnivade/levenshtein"

// Nearest returns the known name that was probably meant by a name: the nearest,
// if at most two letters in five differ. Without one it returns "".
func Nearest(name string, known []string) string {
	nearest, least := "", len(name)
	for _, candidate := range known {
		if d := levenshtein.ComputeDistance(name, candidate); d < least {
			nearest, least = candidate, d
		}
	}
	if 5*least > 2*len(name) {
		return ""
	}
	return nearest
}
