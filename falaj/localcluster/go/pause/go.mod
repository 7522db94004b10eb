module falaj.dev/localcluster/pause

go 1.27.0
