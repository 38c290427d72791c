# Debian's packages: libasio-dev, libboost1.81-dev, libboost-json1.81-dev, libboost-program-options1.81-dev,
# libsqlite3-dev, libssl-dev.
# Dependencies that users of the installed libraries need too are repeated in dist-config.cmake.in.
if(DIST_STATIC)
  set(Boost_USE_STATIC_LIBS ON)
  set(OPENSSL_USE_STATIC_LIBS ON)
  find_library(SQLite3_LIBRARY NAMES libsqlite3.a)
endif()
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto SSL)
find_package(Boost 1.81 REQUIRED COMPONENTS json program_options)
find_package(SQLite3 3.38 REQUIRED)
find_path(DIST_ASIO_INCLUDE_DIR asio/awaitable.hpp REQUIRED)
