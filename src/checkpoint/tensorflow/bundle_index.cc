#include "checkpoint/tensorflow/bundle_index.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/tensorflow/crc32c.h"
#include "checkpoint/tensorflow/table_file.h"
#include "checkpoint/tensorflow/wire.h"

namespace posse {
namespace {

constexpr int kFormatVersion = 1;   // tensor_bundle.h: kTensorBundleVersion
constexpr int kMostShards = 99999;  // five digits in the file name
constexpr size_t kMostRank = 8;
constexpr uint64_t kMostExpansion = 32;
constexpr uint64_t kFreeBytes = uint64_t{64} << 10;

class IndexDecoder {
 public:
  /// @param num_entries  that will be added; room is made for as many as may be kept.
  IndexDecoder(size_t file_bytes, size_t num_entries, const std::string& name)
      : name_(name), budget_(kMostExpansion * file_bytes + kFreeBytes) {
    index_.variables.reserve(std::min<size_t>(num_entries, budget_ / sizeof(VariableInfo)));
  }

  void add(const TableEntry& entry) {
    ByteReader reader(entry.value, name_, entry.file_offset);
    if (first_) {
      first_ = false;
      if (!entry.key.empty()) reader.fail("the first key is not the empty one of the header");
      read_header(reader);
      return;
    }
    if (entry.key[0] == '\0') return;  // a slice of a partitioned variable
    VariableInfo variable = read_variable(reader, entry.key);
    spend(sizeof(VariableInfo) + variable.name.size() + variable.shape.size() * sizeof(int64_t),
          reader);
    check(variable, reader);
    index_.variables.push_back(std::move(variable));
  }

  BundleIndex finish() {
    if (first_)
      throw Error(ErrorKind::bad_file, fmt::format("{}: is empty: has no header entry", name_));
    return std::move(index_);
  }

 private:
  void read_header(ByteReader& reader) {
    // A V1 checkpoint's first value is SavedTensorSlices {1: meta}; a V2 one's header has a number
    // in field 1.
    ByteReader probe = reader;
    const auto first = next_field(probe);
    if (first && first->number == 1 && first->type == ProtoField::Type::bytes) {
      throw Error(
          ErrorKind::unsupported,
          fmt::format("{}: is a checkpoint of TensorFlow's format V1; posse reads V2", name_),
          {.hint = "load and save it again with tf.compat.v1.train.Saver (write_version V2, the "
                   "default)"});
    }
    index_.num_shards = 0;
    while (const auto field = next_field(reader)) {
      if (field->number == 1) {
        index_.num_shards =
            static_cast<int>(checked_number(reader, *field, INT32_MAX, "the number of shards"));
      } else if (field->number == 2) {
        index_.big_endian = checked_number(reader, *field, 1, "the byte order") == 1;
      } else if (field->number == 3) {
        read_version(nested(reader, name_, *field, "the version"));
      }
    }
    if (index_.num_shards < 1 || index_.num_shards > kMostShards) {
      reader.fail(fmt::format("{} shards, expected 1 to {}", index_.num_shards, kMostShards));
    }
  }

  void read_version(ByteReader reader) const {
    while (const auto field = next_field(reader)) {
      if (field->number != 2) continue;  // the producer (0 or 1 so far) only says who wrote it
      const int64_t oldest_reader =
          checked_number(reader, *field, INT32_MAX, "the oldest reader's version");
      if (oldest_reader > kFormatVersion) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("{}: needs a reader of bundle version {}, posse's is {}", name_,
                                oldest_reader, kFormatVersion));
      }
    }
  }

  VariableInfo read_variable(ByteReader& reader, std::string_view key) const {
    VariableInfo variable{.name = std::string(key), .dtype = CheckpointDtype{0}};
    const auto fail = [&](const std::string& what) {
      reader.fail(fmt::format("{} of '{}'", what, printable(key)));
    };
    while (const auto field = next_field(reader)) {
      switch (field->number) {
        case 1:
          variable.dtype = CheckpointDtype(checked_number(reader, *field, INT32_MAX, "a type"));
          break;
        case 2:
          variable.shape = read_shape(nested(reader, name_, *field, "a shape"), key);
          break;
        case 3:
          variable.shard = static_cast<int>(checked_number(reader, *field, INT32_MAX, "a shard"));
          break;
        case 4:
          variable.offset = checked_number(reader, *field, INT64_MAX, "an offset");
          break;
        case 5:
          variable.num_bytes = checked_number(reader, *field, INT64_MAX, "a size");
          break;
        case 6:
          if (field->type != ProtoField::Type::fixed32) fail("a checksum of the wrong wire type");
          variable.crc32c = unmask_crc32c(static_cast<uint32_t>(field->value));
          break;
        case 7:
          variable.partitioned = true;
          break;
        default:
          break;
      }
    }
    return variable;
  }

  Shape read_shape(ByteReader reader, std::string_view key) const {
    Shape shape;
    while (const auto field = next_field(reader)) {
      if (field->number == 3 && field->value != 0) {
        reader.fail(fmt::format("variable '{}' has an unknown number of axes", printable(key)));
      }
      if (field->number != 2) continue;
      if (shape.size() == kMostRank) {
        reader.fail(fmt::format("variable '{}' has more than {} axes", printable(key), kMostRank));
      }
      int64_t extent = 0;
      ByteReader dim = nested(reader, name_, *field, "an axis");
      while (const auto part = next_field(dim)) {
        if (part->number == 1) extent = checked_number(dim, *part, INT64_MAX, "an axis' length");
      }
      shape.push_back(extent);
    }
    return shape;
  }

  void check(const VariableInfo& variable, const ByteReader& reader) {
    const std::string who = fmt::format("variable '{}'", printable(variable.name));
    if (static_cast<int>(variable.dtype) == 0) reader.fail(who + " has no type");
    if (variable.partitioned) return;  // its numbers say nothing; the slices' do
    if (variable.shard >= index_.num_shards) {
      reader.fail(fmt::format("{} lies in shard {} of {}", who, variable.shard, index_.num_shards));
    }
    if (variable.num_bytes > kMostTensorBytes) {
      reader.fail(fmt::format("{} has {} bytes, at most {} are read", who, variable.num_bytes,
                              kMostTensorBytes));
    }
    if (variable.offset > INT64_MAX - variable.num_bytes) {
      reader.fail(fmt::format("{} lies at {}, beyond any file", who, variable.offset));
    }
    total_bytes_ += variable.num_bytes;
    if (total_bytes_ > kMostCheckpointBytes) {
      reader.fail(fmt::format("the variables take more than {} bytes", kMostCheckpointBytes));
    }
    check_size(variable, who, reader);
  }

  void check_size(const VariableInfo& variable, const std::string& who,
                  const ByteReader& reader) const {
    const int64_t element_bytes = bytes_per_element(variable.dtype);
    if (element_bytes == 0) return;
    int64_t expected = element_bytes;
    for (const int64_t extent : variable.shape) {
      if (__builtin_mul_overflow(expected, extent, &expected)) {
        reader.fail(fmt::format("{} has the impossible shape {}", who, to_string(variable.shape)));
      }
    }
    if (expected != variable.num_bytes) {
      reader.fail(fmt::format("{} of type {} and shape {} has {} bytes, expected {}", who,
                              to_string(variable.dtype), to_string(variable.shape),
                              variable.num_bytes, expected));
    }
  }

  void spend(uint64_t bytes, const ByteReader& reader) {
    if (bytes > budget_) {
      reader.fail(
          fmt::format("the entries expand to more than {} times the file's size", kMostExpansion));
    }
    budget_ -= bytes;
  }

  const std::string& name_;
  uint64_t budget_;
  int64_t total_bytes_ = 0;
  bool first_ = true;
  BundleIndex index_;
};

}  // namespace

BundleIndex read_bundle_index(std::span<const uint8_t> file, const std::string& name) {
  size_t num_entries = 0;  // counted first: a vector that grows would need three times the room
  read_table(file, name, [&](const TableEntry&) { ++num_entries; });
  IndexDecoder decoder(file.size(), num_entries, name);
  read_table(file, name, [&](const TableEntry& entry) { decoder.add(entry); });
  return decoder.finish();
}

}  // namespace posse
