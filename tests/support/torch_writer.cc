#include "support/torch_writer.h"

#include <fstream>

namespace posse::testing {
namespace {

std::string little(uint64_t value, int num_bytes) {
  std::string bytes;
  for (int i = 0; i < num_bytes; ++i, value >>= 8) bytes += static_cast<char>(value & 255);
  return bytes;
}

/// By definition, bit by bit.
uint32_t plain_crc32(std::string_view bytes) {
  uint32_t crc = ~uint32_t{0};
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

constexpr uint64_t kIn64 = 0xFFFFFFFF;

std::string local_header(const ZipPart& part, uint64_t place) {
  const uint64_t fixed = place + 30 + part.name.size() + 4;
  const uint64_t padding = (64 - fixed % 64) % 64;
  return "PK\x03\x04" + little(0, 2) + little(0x0808, 2) + little(0, 2) + little(0, 4) +
         little(0, 12) + little(part.name.size(), 2) + little(4 + padding, 2) + part.name + "FB" +
         little(padding, 2) + std::string(padding, 'Z');
}

std::string central_header(const ZipPart& part, uint64_t place, bool zip64) {
  const uint32_t crc = part.crc32 < 0 ? plain_crc32(part.bytes) : static_cast<uint32_t>(part.crc32);
  const uint64_t size = part.bytes.size();
  const std::string extra =
      zip64 ? little(1, 2) + little(24, 2) + little(size, 8) + little(size, 8) + little(place, 8)
            : "";
  return "PK\x01\x02" + little(0, 4) + little(0x0808, 2) +
         little(static_cast<uint64_t>(part.method), 2) + little(0, 4) + little(crc, 4) +
         little(zip64 ? kIn64 : size, 4) + little(zip64 ? kIn64 : size, 4) +
         little(part.name.size(), 2) + little(extra.size(), 2) + little(0, 10) +
         little(zip64 ? kIn64 : place, 4) + part.name + extra;
}

}  // namespace

std::string encode_zip(std::span<const ZipPart> parts, bool zip64) {
  std::string file;
  std::string directory;
  for (const ZipPart& part : parts) {
    directory += central_header(part, file.size(), zip64);
    file += local_header(part, file.size());
    file += part.bytes;
    file += "PK\x07\x08" + little(plain_crc32(part.bytes), 4) + little(part.bytes.size(), 4) +
            little(part.bytes.size(), 4);
  }
  const uint64_t at = file.size();
  file += directory;
  const uint64_t end64 = file.size();
  const uint64_t count = parts.size();
  if (zip64) {
    file += "PK\x06\x06" + little(44, 8) + little(0x1e032d, 4) + little(0, 8) + little(count, 8) +
            little(count, 8) + little(directory.size(), 8) + little(at, 8);
    file += "PK\x06\x07" + little(0, 4) + little(end64, 8) + little(1, 4);
  }
  file += "PK\x05\x06" + little(0, 4) + little(zip64 ? 0xFFFF : count, 2) +
          little(zip64 ? 0xFFFF : count, 2) + little(zip64 ? kIn64 : directory.size(), 4) +
          little(zip64 ? kIn64 : at, 4) + little(0, 2);
  return file;
}

PickleBytes& PickleBytes::raw(std::string_view opcodes) {
  bytes_ += opcodes;
  return *this;
}
PickleBytes& PickleBytes::text(std::string_view text) {
  return raw("X").raw(little(text.size(), 4)).raw(text);
}
PickleBytes& PickleBytes::integer(int64_t value) {
  return raw("\x8a\x08").raw(little(static_cast<uint64_t>(value), 8));
}
PickleBytes& PickleBytes::global(std::string_view module, std::string_view name) {
  return raw("c").raw(module).raw("\n").raw(name).raw("\n");
}
PickleBytes& PickleBytes::ints(std::span<const int64_t> values) {
  raw("(");
  for (const int64_t value : values) integer(value);
  return raw("t");
}
PickleBytes& PickleBytes::tensor(std::string_view storage_class, std::string_view key,
                                 int64_t num_stored, int64_t offset, std::span<const int64_t> shape,
                                 std::span<const int64_t> strides) {
  global("torch._utils", "_rebuild_tensor_v2").raw("((").text("storage");
  global("torch", storage_class).text(key).text("cpu").integer(num_stored).raw("tQ");
  integer(offset).ints(shape).ints(strides).raw("\x89");
  return global("collections", "OrderedDict").raw(")RtR");
}

std::vector<int64_t> contiguous_strides(std::span<const int64_t> shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  return strides;
}

std::string torch_pickle_of(std::span<const NamedTensor> tensors, TorchKind kind) {
  PickleBytes pickle;
  if (kind != TorchKind::bare) pickle.raw("}(");
  if (kind == TorchKind::snapshot) {
    pickle.text("metadata").raw("}(").text("epoch").integer(140).raw("u").text("model");
  } else if (kind == TorchKind::lightning) {
    pickle.text("epoch").integer(39).text("pytorch-lightning_version").text("2.5.6");
    pickle.text("hyper_parameters").global("omegaconf.dictconfig", "DictConfig").raw(")\x81}");
    pickle.text("content").raw("Nsb").text("state_dict");
  }
  pickle.global("collections", "OrderedDict").raw(")R(");
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Shape& shape = tensors[i].tensor.shape();
    pickle.text(tensors[i].name)
        .tensor("FloatStorage", std::to_string(i), tensors[i].tensor.size(), 0, shape,
                contiguous_strides(shape));
  }
  pickle.raw("u");
  if (kind != TorchKind::bare) pickle.raw("u");
  return pickle.finish();
}

std::string encode_torch(std::span<const NamedTensor> tensors, TorchKind kind,
                         std::string_view root) {
  const std::string folder = std::string(root) + "/";
  std::vector<ZipPart> parts = {{folder + "data.pkl", torch_pickle_of(tensors, kind)},
                                {folder + "byteorder", "little"}};
  for (size_t i = 0; i < tensors.size(); ++i) {
    const auto values = std::as_bytes(tensors[i].tensor.values());
    parts.push_back({folder + "data/" + std::to_string(i),
                     {reinterpret_cast<const char*>(values.data()), values.size()}});
  }
  parts.push_back({folder + "version", "3\n"});
  return encode_zip(parts);
}

void write_torch(const std::filesystem::path& path, std::span<const NamedTensor> tensors,
                 TorchKind kind) {
  std::filesystem::create_directories(path.parent_path());
  const std::string bytes = encode_torch(tensors, kind);
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace posse::testing
