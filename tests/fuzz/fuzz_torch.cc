// Files of torch.save(). The first byte says what the rest is: a whole file, or the pickle in one.
#include "checkpoint/torch/torch_checkpoint.h"
#include "checkpoint/torch/torch_pickle.h"
#include "fuzz/fuzz_target.h"

namespace {

void read_file(const std::string& bytes) {
  const auto file = posse::TorchCheckpoint::open(posse::fuzz::scratch_file("net.pt", bytes));
  for (const posse::WeightInfo& info : file.list()) {
    if (info.dtype.starts_with("float") || info.dtype == "bfloat16") file.read(info.name);
  }
  file.fingerprint();
}

}  // namespace

void posse::fuzz::read_input(std::span<const uint8_t> input) {
  Input parts(input);
  const bool whole = parts.byte() == 'f';
  const std::string bytes = parts.rest();
  if (whole) return read_file(bytes);
  const std::span all(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  const TorchPickle pickle(all, "pickle");
  for (const std::string& key : pickle.keys(pickle.root())) pickle.find(pickle.root(), key);
}
