# `cmake --install`: headers, static libraries, the package `dist` for find_package and pkg-config, the command `dist`
# with its manual, and systemd units. `cpack` makes a Debian package of them.
include(CMakePackageConfigHelpers)

set(dist_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/dist)
foreach(module IN ITEMS asio rpc registry runtime dist sim)
  if(TARGET dist_${module})
    install(TARGETS dist_${module} EXPORT dist_targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  endif()
endforeach()
foreach(module IN ITEMS rpc runtime runtime/sim)
  if(IS_DIRECTORY ${PROJECT_SOURCE_DIR}/${module}/include)
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/${module}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
            FILES_MATCHING PATTERN "*.hpp")
  endif()
endforeach()

if(TARGET dist_command)
  install(TARGETS dist_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES ${PROJECT_SOURCE_DIR}/runtime/command/dist.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  # lib, not lib64 or lib/x86_64-linux-gnu: where systemd looks.
  install(FILES ${CMAKE_CURRENT_LIST_DIR}/package/dist-master.service ${CMAKE_CURRENT_LIST_DIR}/package/dist-node@.service
          DESTINATION lib/systemd/system)
  install(FILES ${CMAKE_CURRENT_LIST_DIR}/package/dist.sysusers RENAME dist.conf DESTINATION lib/sysusers.d)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE RENAME copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/dist-rpc)

install(EXPORT dist_targets NAMESPACE dist:: FILE dist-targets.cmake DESTINATION ${dist_package_dir})
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/dist-config.cmake.in ${PROJECT_BINARY_DIR}/dist-config.cmake
  INSTALL_DESTINATION ${dist_package_dir} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change anything.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/dist-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/dist-config.cmake ${PROJECT_BINARY_DIR}/dist-config-version.cmake
        DESTINATION ${dist_package_dir})

# The compile options that every user of the libraries needs are on dist_asio.
get_target_property(definitions dist_asio INTERFACE_COMPILE_DEFINITIONS)
list(TRANSFORM definitions PREPEND "-D")
list(JOIN definitions " " dist_definitions)
# The file is relocatable.
file(RELATIVE_PATH dist_pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" dist_pc_to_prefix "${dist_pc_to_prefix}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/package/dist.pc.in ${PROJECT_BINARY_DIR}/dist.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/dist.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(PROJECT_IS_TOP_LEVEL)
  include(dist_package)
endif()
