/// Looks into what lies at a path (members, a pose table or a video), for `posse info` and as JSON.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "ensemble/member_info.h"
#include "project/project.h"
#include "report/video_summary.h"
#include "results/table/table_summary.h"

namespace posse {

struct InfoOptions {
  MemberOptions member;
  bool verify = false;  ///< read every value and check its checksum; decode every frame
};

/// Receivers of what was found. All must be there.
struct InfoSink {
  std::function<void(const MemberInfo&)> member;
  std::function<void(const std::filesystem::path&, const TableSummary&)> table;
  std::function<void(const VideoSummary&)> video;
  /// One of several that cannot be looked into.
  std::function<void(const std::string& path, const Error&)> error;
  std::function<void(const std::string&)> warning;
};

/// Looks into each path; what is wrong with one of several does not hide the others.
/// @throws Error of a path that is the only one; Error(interrupted) when stopped
void look_into(std::span<const std::string> paths, const InfoOptions& options, const StopFlag& stop,
               const InfoSink& sink);

/// {"members", "tables", "videos", "errors"}: what `posse info --json` prints.
class InfoReport {
 public:
  void add(const MemberInfo& info) { members_.push_back(to_json(info)); }
  void add(const std::filesystem::path& path, const TableSummary& summary);
  void add(const VideoSummary& summary) { videos_.push_back(to_json(summary)); }
  void add_error(const std::string& path, const Error& error);

  Json json() const;

 private:
  Json members_ = Json::array();
  Json tables_ = Json::array();
  Json videos_ = Json::array();
  Json errors_ = Json::array();
};

}  // namespace posse
