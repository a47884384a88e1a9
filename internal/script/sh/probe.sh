# Says what runs now. Takes: base, unit.
main() { show_service; }
