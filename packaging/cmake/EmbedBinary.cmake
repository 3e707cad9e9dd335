# SPDX-License-Identifier: GPL-3.0-or-later
# Binary files inside a program, through the assembler: no compiler has to read megabytes of numbers.

# plumbline_embed_binary(TARGET NAME BASE FILES...): puts the files into TARGET and writes generated/embedded/NAME.h with
#   plumbline::embedded::NAME(), a list of {path below BASE, bytes}.
function(plumbline_embed_binary target name base)
  get_filename_component(base "${base}" ABSOLUTE)
  set(source "${PROJECT_BINARY_DIR}/generated/embedded/${name}.cpp")
  set(assembly "")
  set(declarations "")
  set(entries "")
  set(files "")
  set(number 0)
  foreach(file IN LISTS ARGN)
    get_filename_component(file "${file}" ABSOLUTE)
    list(APPEND files "${file}")
    file(RELATIVE_PATH path "${base}" "${file}")
    set(symbol "plumbline_embedded_${name}_${number}")
    string(APPEND assembly
      "    \".balign 64\\n${symbol}:\\n.incbin \\\"${file}\\\"\\n${symbol}_end:\\n.byte 0\\n\"\n")
    string(APPEND declarations "extern const char ${symbol}[];\nextern const char ${symbol}_end[];\n")
    string(APPEND entries
      "        {\"${path}\", {${symbol}, static_cast<std::size_t>(${symbol}_end - ${symbol})}},\n")
    math(EXPR number "${number} + 1")
  endforeach()
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT
"// Written by packaging/cmake/EmbedBinary.cmake.
#include <vector>

#include \"embedded/@name@.h\"
__asm__(\".section .rodata\\n\"
@assembly@    \".text\\n\");
extern \"C\" {
@declarations@}
namespace plumbline::embedded {
std::span<const File> @name@() {
    static const std::vector<File> files = {
@entries@    };
    return files;
}
} // namespace plumbline::embedded
")
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/generated/embedded/${name}.h" @ONLY CONTENT
"// Written by packaging/cmake/EmbedBinary.cmake.
#pragma once
#include <span>
#include <string_view>
namespace plumbline::embedded {
struct File {
    std::string_view path; ///< with '/'
    std::string_view bytes;
};
std::span<const File> @name@();
} // namespace plumbline::embedded
")
  set_source_files_properties("${source}" PROPERTIES OBJECT_DEPENDS "${files}")
  target_sources(${target} PRIVATE "${source}")
endfunction()
