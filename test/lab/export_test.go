package lab

// SetupPackages is for tests: what bare hosts can install.
var SetupPackages = setupPackages
