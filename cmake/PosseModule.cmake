# Folder = module = target: every module of src/ is made by posse_module(), its tests by posse_module_tests().
find_program(POSSE_CCACHE ccache)
if(POSSE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${POSSE_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${POSSE_CCACHE}")
endif()

add_library(posse_build_flags INTERFACE)
target_compile_features(posse_build_flags INTERFACE cxx_std_20)
target_include_directories(posse_build_flags INTERFACE "${PROJECT_SOURCE_DIR}/src")
target_compile_options(posse_build_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wconversion
                                                   -Wno-sign-conversion -Wno-missing-field-initializers)
# GCC 12 sees overlapping copies in std::string's operator+ at -O3 that are none (GCC bug 105329).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(posse_build_flags INTERFACE -Wno-restrict)
endif()
# Results must not depend on how the compiler contracts a*b+c: kernels that want a fused multiply-add say so.
target_compile_options(posse_build_flags INTERFACE -ffp-contract=off)
if(POSSE_DEVELOPER_MODE)
  target_compile_options(posse_build_flags INTERFACE -Werror)
endif()
if(POSSE_SANITIZE)
  target_compile_options(posse_build_flags INTERFACE -fsanitize=${POSSE_SANITIZE} -fno-omit-frame-pointer
                                                     -fno-sanitize-recover=all)
  # With sanitizers GCC 12 loses track of what is initialised, in std::regex for one (GCC bug 105562).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(posse_build_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
  target_link_options(posse_build_flags INTERFACE -fsanitize=${POSSE_SANITIZE})
endif()

# posse_module(NAME SOURCES a.cc ... [DEPENDS posse_x ...] [PRIVATE_DEPENDS lib ...])
# makes the static library posse_<NAME>. DEPENDS are modules or libraries whose headers appear in this module's headers.
function(posse_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(posse_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(posse_${name} PUBLIC posse_build_flags ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
endfunction()

# posse_simd_kernels(NAME SOURCES a_kernels.cc ...)
# compiles the sources into posse_<NAME> once per instruction set (src/simd/instruction_set.h). Everything else stays at the
# baseline, so that a binary built here runs on any machine of the architecture. Vectors may be wider than the baseline's
# registers (no-psabi: no vector crosses a function that is not inlined); loops count on the loop vectoriser, which wants
# -O3 and no-trapping-math. GCC 12 calls deliberately undefined operands inside its own AVX-512 header uninitialised (GCC
# bug 105593).
function(posse_simd_kernels name)
  cmake_parse_arguments(ARG "" "" "SOURCES" ${ARGN})
  set(sets baseline)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    list(APPEND sets avx2 avx512)
  endif()
  set(flags_of_avx2 -mavx2 -mfma)
  set(flags_of_avx512 ${flags_of_avx2} -mavx512f -mavx512vl -mavx512dq -mavx512bw -mprefer-vector-width=512)
  foreach(set IN LISTS sets)
    set(target posse_${name}_${set})
    if(TARGET ${target})  # called again for more sources
      target_sources(${target} PRIVATE ${ARG_SOURCES})
      continue()
    endif()
    add_library(${target} OBJECT ${ARG_SOURCES})
    target_link_libraries(${target} PRIVATE posse_build_flags)
    target_compile_definitions(${target} PRIVATE POSSE_SIMD_NAMESPACE=${set})
    target_compile_options(${target} PRIVATE -O3 -fno-trapping-math -Wno-psabi ${flags_of_${set}}
      $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized> $<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized>)
    target_sources(posse_${name} PRIVATE $<TARGET_OBJECTS:${target}>)
    set_property(GLOBAL APPEND PROPERTY POSSE_KERNEL_OBJECTS $<TARGET_OBJECTS:${target}>)
  endforeach()
endfunction()

# posse_module_tests(NAME SOURCES a_test.cc ... [DEPENDS lib ...] [LABELS unit|slow|compat])
# makes posse_<NAME>_test and registers each of its cases with CTest. Tests read POSSE_SHARED_DATA for data that lies
# outside the project and say SKIPPED when it is not there.
function(posse_module_tests name)
  if(NOT POSSE_DEVELOPER_MODE)
    return()
  endif()
  cmake_parse_arguments(ARG "" "TARGET;LABELS" "SOURCES;DEPENDS" ${ARGN})
  if(NOT ARG_TARGET)
    set(ARG_TARGET posse_${name}_test)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  add_executable(${ARG_TARGET} ${ARG_SOURCES})
  target_link_libraries(${ARG_TARGET} PRIVATE posse_${name} posse_test_support ${ARG_DEPENDS})
  gtest_discover_tests(${ARG_TARGET} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 600)
endfunction()
