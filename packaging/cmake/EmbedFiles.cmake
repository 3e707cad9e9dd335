# SPDX-License-Identifier: GPL-3.0-or-later
# Text files as string literals, so that a program finds them wherever it is installed.

# plumbline_embed(NAME FILES...): writes generated/embedded/NAME.h with
#   plumbline::embedded::NAME, an array of std::string_view in the order of FILES.
function(plumbline_embed name)
  set(items "")
  foreach(file IN LISTS ARGN)
    get_filename_component(file "${file}" ABSOLUTE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    file(READ "${file}" text)
    string(APPEND items "    R\"embedded(${text})embedded\",\n")
  endforeach()
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/generated/embedded/${name}.h" @ONLY CONTENT
"// Written by packaging/cmake/EmbedFiles.cmake.
#pragma once
#include <string_view>
namespace plumbline::embedded {
inline constexpr std::string_view @name@[] = {
@items@};
}
")
endfunction()
