module github.com/apxr/slipway

go 1.26.0

require (
	github.com/pkg/sftp v1.13.12
	github.com/sethvargo/go-githubactions v1.4.0
	github.com/skeema/knownhosts v1.3.3
	golang.org/x/crypto v0.58.0
	gopkg.in/yaml.v3 v3.0.1
)

require (
	github.com/kr/fs v0.1.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
