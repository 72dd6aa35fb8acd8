# SPDX-License-Identifier: MIT
# DEVICE_TREE_LIBRARY: libfdt.a.
include(${CMAKE_SOURCE_DIR}/cmake/static_library.cmake)
static_library(DEVICE_TREE_LIBRARY libfdt.a libfdt-dev)
