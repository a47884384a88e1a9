package words

import "github.com/agnivade/levenshtein"

// Nearest returns the known name that was probably meant by a name: the nearest,
// if at most two letters in five differ, or two of four: letters that have changed
// places count as two. Without one it returns "".
func Nearest(name string, known []string) string {
	nearest, least := "", len(name)
	for _, candidate := range known {
		if d := levenshtein.ComputeDistance(name, candidate); d < least {
			nearest, least = candidate, d
		}
	}
	most := 2 * len(name) / 5
	if len(name) >= 4 {
		most = max(most, 2)
	}
	if least > most {
		return ""
	}
	return nearest
}
