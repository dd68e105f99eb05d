#include "run/journal_facts.h"

#include <nlohmann/json.hpp>
#include <type_traits>

namespace posse {
namespace {

using Json = nlohmann::ordered_json;

/// Calls visit(name, field) for every fact: one list for writing and reading.
template <class Facts, class Visitor>
void visit_facts(Facts& facts, const Visitor& visit) {
  visit("frames_decoded", facts.report.num_decoded);
  visit("frames_jumped", facts.report.num_jumped);
  visit("frames_corrupt", facts.report.num_corrupt);
  visit("packets_undecodable", facts.report.num_undecodable);
  visit("variable_frame_rate", facts.report.variable_frame_rate);
  visit("reached_end", facts.report.reached_end);
  visit("broke_off", facts.report.broke_off);
  visit("warnings", facts.report.warnings);
  visit("decode_seconds", facts.timings.decode_seconds);
  visit("network_seconds", facts.timings.network_seconds);
  visit("consensus_seconds", facts.timings.consensus_seconds);
  visit("sink_seconds", facts.timings.sink_seconds);
  visit("wall_seconds", facts.timings.wall_seconds);
  visit("load_seconds", facts.load_seconds);
  visit("frames_resumed", facts.num_resumed);
  visit("started", facts.started_seconds);
  visit("finished", facts.finished_seconds);
  visit("batch", facts.batch_size);
  visit("threads", facts.num_threads);
  visit("shared_prefixes", facts.num_shared_prefixes);
  visit("weight_bytes", facts.weight_bytes);
  visit("workspace_bytes", facts.workspace_bytes);
  visit("peak_bytes", facts.peak_bytes);
  visit("posse", facts.engine);
  visit("kernels", facts.kernels);
  visit("machine", facts.machine);
  visit("device", facts.execution.device);
  visit("library", facts.execution.library);
  visit("library_version", facts.execution.version);
  visit("precision", facts.execution.precision);
  visit("golden_error", facts.execution.golden_error);
  visit("graphs", facts.execution.graphs);
  visit("device_frames", facts.execution.most_frames);
  visit("device_members", facts.execution.most_members);
  visit("precision_frames", facts.execution.precision_frames);
  visit("precision_median_px", facts.execution.precision_median_px);
  visit("precision_p99_px", facts.execution.precision_p99_px);
}

}  // namespace

std::string to_text(const JournalFacts& facts) {
  Json json;
  visit_facts(facts, [&](const char* name, const auto& field) { json[name] = field; });
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<JournalFacts> journal_facts_from(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  JournalFacts facts;
  bool is_sound = true;
  try {
    visit_facts(facts, [&]<class Field>(const char* name, Field& field) {
      if (!json.contains(name)) return;
      const bool is_count = std::is_integral_v<Field> && !std::is_same_v<Field, bool>;
      if (is_count && !json.at(name).is_number_integer()) {
        is_sound = false;  // get() would convert 1e300
      } else {
        field = json.at(name).template get<Field>();
      }
    });
  } catch (const Json::exception&) {  // damaged: as good as none
    return std::nullopt;
  }
  if (!is_sound) return std::nullopt;
  return facts;
}

}  // namespace posse
