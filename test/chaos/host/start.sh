#!/bin/sh
# Runs before a unit's program, and fails as the harness says: /var/lib/chaos/unit
# has "once ID" or "always ID". Takes: the application's directory.
read -r how id 2>/dev/null </var/lib/chaos/unit || exit 0
case $(readlink -f "$1/current") in */"$id") ;; *) exit 0 ;; esac
[ "$how" != once ] || rm -f /var/lib/chaos/unit
echo "chaos: the unit fails $how"
exit 1
