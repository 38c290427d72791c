// Never built: its target only passes the flags of the build to the tests of this folder.
