# The onnxruntime backend's part of posse_network: no library at build time, it is loaded when it is there.
target_sources(posse_network PRIVATE
  backends/onnxruntime/binding.cc backends/onnxruntime/devices.cc backends/onnxruntime/failure.cc backends/onnxruntime/golden.cc
  backends/onnxruntime/kept_choices.cc backends/onnxruntime/library.cc backends/onnxruntime/library_file.cc backends/onnxruntime/one_graph.cc
  backends/onnxruntime/onnxruntime_backend.cc backends/onnxruntime/ort_backend.cc backends/onnxruntime/ort_executor.cc backends/onnxruntime/placement.cc
  backends/onnxruntime/places.cc backends/onnxruntime/plugins.cc backends/onnxruntime/provider_options.cc backends/onnxruntime/session.cc
  backends/onnxruntime/trial_network.cc)
target_link_libraries(posse_network PRIVATE ${CMAKE_DL_LIBS})

posse_module_tests(network TARGET posse_network_onnxruntime_test LABELS compat
  SOURCES backends/onnxruntime/agreement_test.cc backends/onnxruntime/device_failures_test.cc backends/onnxruntime/failure_test.cc
          backends/onnxruntime/library_test.cc backends/onnxruntime/one_graph_test.cc
          backends/onnxruntime/onnxruntime_backend_test.cc backends/onnxruntime/plugins_test.cc network_agreement_test.cc
  DEPENDS posse_test_networks)
if(TARGET posse_network_onnxruntime_test)
  target_compile_definitions(posse_network_onnxruntime_test PRIVATE
    POSSE_FAKE_ORT_LIBRARY="$<TARGET_FILE:posse_fake_onnxruntime>" POSSE_EMPTY_LIBRARY="$<TARGET_FILE:posse_empty_library>"
    POSSE_POSING_ORT_LIBRARY="$<TARGET_FILE:posse_posing_onnxruntime>"
    POSSE_PROXY_ORT_LIBRARY="$<TARGET_FILE:posse_proxy_onnxruntime>")
  add_dependencies(posse_network_onnxruntime_test posse_fake_onnxruntime posse_posing_onnxruntime posse_proxy_onnxruntime posse_empty_library)
endif()
