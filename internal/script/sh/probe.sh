# Libraries: service ports
# Reports what runs now. Takes: base, units, ports (to look at).
main() {
	show_current
	show_units
	show_ports
}
