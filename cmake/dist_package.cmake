# `cpack -G DEB` in a build folder: a package that apt installs. Debian has another package `dist`, hence the name.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME dist-rpc)
set(CPACK_PACKAGE_VENDOR "the dist project")
set(CPACK_PACKAGE_CONTACT "the dist project <dist@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "A master hands method calls to nodes, which serve methods of plain C++ classes.
 This package has the command dist, which runs a master and looks after one,
 and the headers and libraries for programs that are masters, nodes and jobs.")
# The command needs the libraries it is linked with; building programs needs the rest.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS
    "libasio-dev, libssl-dev, libboost1.81-dev, libboost-json1.81-dev, libboost-program-options1.81-dev, libsqlite3-dev")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/package/postinst)
include(CPack)
