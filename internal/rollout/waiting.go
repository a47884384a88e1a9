package rollout

import (
	"fmt"
	"time"
)

// awaited is what has to become otherwise, or to stay as it is, for a host to be
// proved.
func awaited(found error, settle time.Duration) string {
	if found != nil {
		return found.Error()
	}
	return fmt.Sprintf("it is up, and has to stay so for %s", settle)
}
