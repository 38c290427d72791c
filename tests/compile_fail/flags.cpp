// Never built: its target only carries the flags of the build to the tests of this folder.
