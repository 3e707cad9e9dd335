# SPDX-License-Identifier: GPL-3.0-or-later
# One folder is one static library. Every .cpp in the folder belongs to it.

add_library(plumbline_config INTERFACE)
target_compile_features(plumbline_config INTERFACE cxx_std_20)
target_include_directories(plumbline_config INTERFACE "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}/generated")
target_compile_options(plumbline_config INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wconversion -Wno-sign-conversion -Wold-style-cast
  -fno-math-errno -ffp-contract=off
  # False positives of GCC 12 at -O2 in std::string and std::optional.
  -Wno-maybe-uninitialized -Wno-restrict)
target_compile_definitions(plumbline_config INTERFACE
  PLUMBLINE_VERSION="${PROJECT_VERSION}"
  QT_NO_CAST_FROM_ASCII QT_NO_CAST_TO_ASCII QT_NO_URL_CAST_FROM_STRING QT_NO_NARROWING_CONVERSIONS_IN_CONNECT)
if(PLUMBLINE_WERROR)
  target_compile_options(plumbline_config INTERFACE -Werror)
endif()
if(PLUMBLINE_ASAN)
  target_compile_options(plumbline_config INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer)
  target_link_options(plumbline_config INTERFACE -fsanitize=address,undefined)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

# plumbline_library(NAME [DEPENDS folder libraries] [PRIVATE third parties] [QT])
function(plumbline_library name)
  cmake_parse_arguments(arg "QT" "" "DEPENDS;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp *.h)
  add_library(${name} STATIC ${sources})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(${name} PUBLIC plumbline_config ${arg_DEPENDS} PRIVATE ${arg_PRIVATE})
  if(arg_QT)
    set_target_properties(${name} PROPERTIES AUTOMOC ON AUTORCC ON)
  endif()
endfunction()

# plumbline_tests(FOLDER LIBRARIES...): each tests/FOLDER/tst_*.cpp is a Qt Test program and one CTest test.
function(plumbline_tests folder)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/tst_*.cpp)
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    set(target ${name}_${folder})
    string(REPLACE "tst_" "" short ${name})
    set(target tst_${folder}_${short})
    add_executable(${target} ${file})
    set_target_properties(${target} PROPERTIES AUTOMOC ON)
    target_link_libraries(${target} PRIVATE plumbline_config test_support ${ARGN} Qt6::Test)
    add_test(NAME ${folder}.${short}
      COMMAND ${target} -o -,txt -o "${CMAKE_BINARY_DIR}/test-results/${folder}.${short}.txt,txt")
    set_tests_properties(${folder}.${short} PROPERTIES TIMEOUT 600 LABELS "${folder}"
      ENVIRONMENT "QT_QPA_PLATFORM=offscreen;LC_ALL=C.UTF-8;GOMP_SPINCOUNT=0;XDG_CACHE_HOME=${CMAKE_BINARY_DIR}/test-cache;XDG_CONFIG_HOME=${CMAKE_BINARY_DIR}/test-config")
  endforeach()
endfunction()
