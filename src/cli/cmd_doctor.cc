#include <fmt/format.h>

#include <memory>
#include <string>

#include "base/count_text.h"
#include "base/error.h"
#include "base/files.h"
#include "base/image.h"
#include "base/threads.h"
#include "base/version.h"
#include "cli/command.h"
#include "network/backend.h"
#include "network/backends/onnxruntime/onnxruntime_backend.h"
#include "simd/instruction_set.h"
#include "video/video_writer.h"

namespace posse {
namespace {

/// Those that there are kernels for, best first: "AVX-512, AVX2, baseline".
std::string instruction_sets() {
  std::string titles;
  for (const InstructionSet set : available_instruction_sets()) {
    titles += (titles.empty() ? "" : ", ") + std::string(title_of(set));
  }
  return titles;
}

/// Why labelled videos cannot be written; empty if they can.
std::string why_no_labelled_video() {
  const TemporaryFolder folder;
  try {
    VideoWriter writer(folder.path() / "try.mp4", 64, 64);
    writer.write(Image(64, 64), 0);
    writer.finish();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string words_of(const DeviceTrial& trial) {
  if (!trial.why_not.empty()) return "not here: " + trial.why_not;
  return fmt::format(
      "works, {:.1e} of the maps' range from posse's own engine on a trial frame, "
      "{:.1f} ms for a trial network at 640x480",
      trial.golden_error, trial.milliseconds);
}

std::string words_of(const PluginTrial& plugin) {
  if (!plugin.why_not.empty()) return "not registered: " + plugin.why_not;
  if (plugin.num_devices == 0) return "registered, offers no device on this machine";
  return "registered, offers " + count_text(plugin.num_devices, "device");
}

/// ONNX Runtime: which library, and every device that --device can name.
void print_onnxruntime(const std::string& library, Console& console) {
  const OnnxRuntimeReport report = try_onnxruntime(library);
  if (report.file.empty()) {
    console.print("onnxruntime   not here: " + report.why_not);
    console.print("              " + report.hint);
    return;
  }
  console.print(fmt::format("onnxruntime   {} at {}", report.version, report.file));
  for (const DeviceTrial& trial : report.devices) {
    console.print(fmt::format("  {:<11} {}", trial.device, words_of(trial)));
  }
  for (const PluginTrial& plugin : report.plugins) {
    console.print(
        fmt::format("  plug-in     {} for {}: {}", plugin.file, plugin.device, words_of(plugin)));
  }
}

void print_capabilities(const std::string& ort_library, Console& console) {
  const ThreadBudget threads = available_threads();
  console.print("posse         " + version());
  console.print(fmt::format("threads       {} ({})", threads.num_threads, threads.reason));
  console.print("instructions  " + instruction_sets());
  for (const Backend* backend : backends()) {
    if (backend == &onnxruntime_backend()) continue;  // has lines of its own
    const auto why_not = backend->why_unavailable();
    console.print(fmt::format("backend       {}: {}", backend->name(),
                              why_not ? "not here, " + *why_not : "available"));
  }
  print_onnxruntime(ort_library, console);
  console.print(fmt::format("chosen        {} (--backend, --device or POSSE_BACKEND change it)",
                            choose_backend("").name()));
  const std::string no_video = why_no_labelled_video();
  console.print("H.264 videos  " + (no_video.empty() ? std::string("can be written") : no_video));
}

}  // namespace

void add_doctor(Verb root, CommandContext& context) {
  Verb verb =
      root.add_verb("doctor", "say what this machine can do, and why it cannot do the rest");
  auto ort_library = std::make_shared<std::string>();
  verb.add_option(
          "--ort-library", *ort_library,
          "file of ONNX Runtime's library (default: POSSE_ORT_LIBRARY, else the one that is found)")
      .placeholder("FILE");
  verb.on_call([ort_library, &context] { print_capabilities(*ort_library, context.console); });
}

}  // namespace posse
