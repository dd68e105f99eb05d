# The cpu backend's part of posse_network.
target_sources(posse_network PRIVATE
  backends/cpu/arena.cc backends/cpu/convolutions.cc backends/cpu/cpu_backend.cc backends/cpu/ensemble.cc
  backends/cpu/kernels.cc backends/cpu/kernels_generic.cc backends/cpu/layer_weights.cc backends/cpu/lowering.cc
  backends/cpu/machine.cc backends/cpu/network.cc backends/cpu/onednn.cc backends/cpu/operations.cc
  backends/cpu/peak.cc backends/cpu/program.cc backends/cpu/tuning.cc backends/cpu/winograd_weights.cc)
target_link_libraries(posse_network PRIVATE DNNL::dnnl)

# Kernels are compiled once per instruction set and chosen at run time; everything else stays at the baseline, so that a
# binary built here runs on any machine of the architecture. Vectors are wider than the baseline's registers (no-psabi: no
# vector crosses a function that is not inlined), and GCC 12 warns of its own AVX-512 headers (maybe-uninitialized).
set(kernel_flags -O3 -Wno-psabi)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND kernel_flags -Wno-maybe-uninitialized -Wno-uninitialized)
endif()
set_source_files_properties(backends/cpu/kernels_generic.cc PROPERTIES COMPILE_OPTIONS "${kernel_flags}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set_source_files_properties(backends/cpu/kernels_avx2.cc PROPERTIES
    COMPILE_OPTIONS "${kernel_flags};-mavx2;-mfma")
  set_source_files_properties(backends/cpu/kernels_avx512.cc PROPERTIES
    COMPILE_OPTIONS "${kernel_flags};-mavx512f;-mavx512vl;-mavx512dq;-mavx512bw;-mavx2;-mfma;-mprefer-vector-width=512")
  target_sources(posse_network PRIVATE backends/cpu/kernels_avx2.cc backends/cpu/kernels_avx512.cc)
  target_compile_definitions(posse_network PRIVATE POSSE_X86)
endif()

# oneDNN's thread count is set through the runtime it was built on.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LIBRARIES gomp)
check_cxx_source_compiles(
  "extern \"C\" void omp_set_num_threads(int); int main() { omp_set_num_threads(1); }" POSSE_HAVE_GOMP)
unset(CMAKE_REQUIRED_LIBRARIES)
if(POSSE_HAVE_GOMP)
  target_compile_definitions(posse_network PRIVATE POSSE_HAVE_GOMP)
  target_link_libraries(posse_network PRIVATE gomp)
endif()

posse_module_tests(network TARGET posse_network_cpu_test
  SOURCES backends/cpu/cpu_backend_test.cc backends/cpu/matrix_test.cc backends/cpu/tuning_test.cc backends/cpu/winograd_test.cc
  DEPENDS posse_test_networks)
