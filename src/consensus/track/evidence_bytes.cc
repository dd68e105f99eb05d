#include "consensus/track/evidence_bytes.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/error.h"

namespace posse {
namespace {

static_assert(std::endian::native == std::endian::little);

template <class T>
void put(std::vector<uint8_t>& bytes, T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  const size_t at = bytes.size();
  bytes.resize(at + sizeof(T));
  std::memcpy(bytes.data() + at, &value, sizeof(T));
}

[[noreturn]] void damaged(const char* what) {
  throw Error(ErrorKind::bad_file, fmt::format("evidence of a frame: {}", what),
              {.hint = "run again without what is left of the earlier run (--force)"});
}

/// A member without a vote.
constexpr int16_t kNoVote = std::numeric_limits<int16_t>::min();

void put_vote(std::vector<uint8_t>& bytes, const MemberVote& vote, const Place& place) {
  if (!std::isfinite(vote.x) || !std::isfinite(vote.y)) {
    put(bytes, kNoVote);
    put(bytes, kNoVote);
    put(bytes, uint16_t{0});
    return;
  }
  put(bytes,
      static_cast<int16_t>(std::lround((static_cast<double>(vote.x) - place.x) * kVoteSteps)));
  put(bytes,
      static_cast<int16_t>(std::lround((static_cast<double>(vote.y) - place.y) * kVoteSteps)));
  put(bytes,
      static_cast<uint16_t>(std::lround(static_cast<double>(vote.likelihood) * kLikelihoodSteps)));
}

class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  template <class T>
  T get() {
    if (bytes_.size() - at_ < sizeof(T)) damaged("fewer bytes than it says");
    T value;
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

MemberVote get_vote(Reader& reader, const Place& place) {
  const auto x = reader.get<int16_t>();
  const auto y = reader.get<int16_t>();
  const auto likelihood = reader.get<uint16_t>();
  if (x == kNoVote) {
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    return {kNan, kNan, 0};
  }
  return {.x = static_cast<float>(place.x + x / kVoteSteps),
          .y = static_cast<float>(place.y + y / kVoteSteps),
          .likelihood = static_cast<float>(likelihood / kLikelihoodSteps)};
}

}  // namespace

std::vector<uint8_t> evidence_bytes(const FrameEvidence& frame) {
  std::vector<uint8_t> bytes;
  put(bytes, static_cast<uint16_t>(frame.num_members));
  put(bytes, static_cast<uint16_t>(frame.num_bodyparts()));
  put(bytes, static_cast<uint32_t>(frame.places.size()));
  put(bytes, static_cast<uint32_t>(frame.evidence.size()));
  put(bytes, frame.stride);
  put(bytes, frame.num_cells);
  for (const float background : frame.background) put(bytes, background);
  for (const Place& place : frame.places) {
    put(bytes, static_cast<float>(place.x));
    put(bytes, static_cast<float>(place.y));
    put(bytes, static_cast<uint16_t>(place.bodypart));
    put(bytes, place.height);
  }
  for (size_t i = 0; i < frame.evidence.size(); ++i) {
    put(bytes, static_cast<uint16_t>(frame.evidence[i].place));
    put(bytes, static_cast<uint16_t>(frame.evidence[i].bodypart));
    put(bytes, frame.evidence[i].mass);
    const MemberVote* votes = frame.votes_of(i);
    const Place& place = frame.places[static_cast<size_t>(frame.evidence[i].place)];
    for (int m = 0; m < frame.num_members; ++m) put_vote(bytes, votes[m], place);
  }
  return bytes;
}

FrameEvidence evidence_from_bytes(std::span<const uint8_t> bytes, size_t num_members,
                                  size_t num_bodyparts) {
  Reader reader(bytes);
  FrameEvidence frame;
  frame.time_seconds = std::numeric_limits<double>::quiet_NaN();
  frame.num_members = reader.get<uint16_t>();
  const size_t parts = reader.get<uint16_t>();
  if (static_cast<size_t>(frame.num_members) != num_members || parts != num_bodyparts) {
    damaged("of other members or bodyparts");
  }
  const size_t places = reader.get<uint32_t>();
  const size_t pairs = reader.get<uint32_t>();
  frame.stride = reader.get<double>();
  frame.num_cells = reader.get<double>();
  if (!(frame.stride > 0) || !(frame.num_cells >= 1)) damaged("no grid");
  for (size_t p = 0; p < parts; ++p) frame.background.push_back(reader.get<float>());
  for (size_t k = 0; k < places; ++k) {
    Place place;
    place.x = static_cast<double>(reader.get<float>());
    place.y = static_cast<double>(reader.get<float>());
    place.bodypart = reader.get<uint16_t>();
    place.height = reader.get<float>();
    if (static_cast<size_t>(place.bodypart) >= parts) damaged("a place of no bodypart");
    frame.places.push_back(place);
  }
  for (size_t i = 0; i < pairs; ++i) {
    PlaceEvidence evidence;
    evidence.place = reader.get<uint16_t>();
    evidence.bodypart = reader.get<uint16_t>();
    evidence.mass = reader.get<float>();
    if (static_cast<size_t>(evidence.place) >= places ||
        static_cast<size_t>(evidence.bodypart) >= parts) {
      damaged("a pair of no place or no bodypart");
    }
    frame.evidence.push_back(evidence);
    const Place& place = frame.places[static_cast<size_t>(evidence.place)];
    for (size_t m = 0; m < num_members; ++m) frame.votes.push_back(get_vote(reader, place));
  }
  if (!reader.at_end()) damaged("more bytes than it says");
  return frame;
}

}  // namespace posse
