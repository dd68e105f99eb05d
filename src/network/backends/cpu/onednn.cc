#include "network/backends/cpu/onednn.h"

#include <fmt/format.h>

#include <dnnl.hpp>
#include <unordered_map>
#include <utility>

#include "base/error.h"

// oneDNN as Debian builds it runs on the GNU OpenMP runtime, whose thread count is per thread.
#if defined(POSSE_HAVE_GOMP)
extern "C" {
void omp_set_num_threads(int threads);
int omp_get_max_threads(void);
}
#endif

namespace posse::cpu {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

const dnnl::engine& engine() {
  static const dnnl::engine the_engine(dnnl::engine::kind::cpu, 0);
  return the_engine;
}

Tag map_tag(MapFormat format) {
  return format == MapFormat::channels_last ? Tag::nhwc : Tag::nChw8c;
}

memory::desc described(const memory::dims& dims, Tag tag) {
  return {dims, memory::data_type::f32, tag};
}

void append_activation(dnnl::post_ops& ops, Activation activation) {
  using dnnl::algorithm;
  const auto append = [&](algorithm kind, float alpha, float beta) {
#if DNNL_VERSION_MAJOR >= 3
    ops.append_eltwise(kind, alpha, beta);
#else
    ops.append_eltwise(1.0F, kind, alpha, beta);
#endif
  };
  switch (activation) {
    case Activation::none:
      return;
    case Activation::relu:
      return append(algorithm::eltwise_relu, 0.0F, 0.0F);
    case Activation::relu6:
      return append(algorithm::eltwise_clip, 0.0F, 6.0F);
    case Activation::swish:
      return append(algorithm::eltwise_swish, 1.0F, 0.0F);
    case Activation::sigmoid:
      return append(algorithm::eltwise_logistic, 0.0F, 0.0F);
  }
}

dnnl::primitive_attr attributes(const ConvolutionShape& shape) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops ops;
  if (shape.add_to_dst) ops.append_sum(1.0F);
  append_activation(ops, shape.activation);
  attr.set_post_ops(ops);
  return attr;
}

dnnl::convolution_forward::primitive_desc describe(const ConvolutionShape& s) {
  const bool picture = s.in_channels == 3;
  const Tag map = map_tag(s.format);
  const Tag src_tag = !picture ? map : picture_is_planar(s.format) ? Tag::nchw : Tag::nhwc;
  const auto src = described({1, s.in_channels, s.in_height, s.in_width}, src_tag);
  const auto dst = described({1, s.out_channels, s.out_height, s.out_width}, map);
  const auto weights = described({s.out_channels, s.in_channels, s.kernel, s.kernel}, Tag::any);
  const auto bias = s.has_bias ? described({s.out_channels}, Tag::x) : memory::desc();
  const memory::dims strides = {s.stride, s.stride};
  const memory::dims dilates = {s.dilation - 1, s.dilation - 1};
  const memory::dims before = {s.rows.before, s.cols.before};
  const memory::dims after = {s.rows.after, s.cols.after};
  const auto kind = dnnl::prop_kind::forward_inference;
  const auto algorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  return {engine(), kind,    algorithm, src,    weights, bias,
          dst,      strides, dilates,   before, after,   attributes(s)};
#else
  return {{kind, algorithm, src, weights, bias, dst, strides, dilates, before, after},
          attributes(s),
          engine()};
#endif
}

class OneDnnWeights : public PackedWeights {
 public:
  explicit OneDnnWeights(memory values) : values_(std::move(values)) {}
  int64_t num_bytes() const override { return static_cast<int64_t>(values_.get_desc().get_size()); }
  const memory& values() const { return values_; }

 private:
  memory values_;
};

memory reordered(const memory& from, const memory::desc& desc) {
  memory to(desc, engine());
  dnnl::stream stream(engine());
  memory source = from;
  dnnl::reorder(source, to).execute(stream, source, to);
  stream.wait();
  return to;
}

class Convolution : public OneDnnConvolution {
 public:
  explicit Convolution(const ConvolutionShape& shape)
      : shape_(shape), desc_(describe(shape)), primitive_(desc_) {}

  std::unique_ptr<PackedWeights> pack(std::span<const float> weights) const override {
    const auto plain = described(
        {shape_.out_channels, shape_.in_channels, shape_.kernel, shape_.kernel}, Tag::oihw);
    POSSE_ASSERT(plain.get_size() == weights.size_bytes());
    // oneDNN's memory wants a mutable pointer also for what it only reads.
    const memory from(plain, engine(), const_cast<float*>(weights.data()));
    return std::make_unique<OneDnnWeights>(reordered(from, desc_.weights_desc()));
  }

  std::unique_ptr<PackedWeights> repack(const PackedWeights& weights) const override {
    const memory& from = dynamic_cast<const OneDnnWeights&>(weights).values();
    if (from.get_desc() == desc_.weights_desc()) return nullptr;
    return std::make_unique<OneDnnWeights>(reordered(from, desc_.weights_desc()));
  }

  void run(const float* src, const PackedWeights& weights, const float* bias, float* dst,
           void* scratch) const override {
    const auto wrap = [](const memory::desc& desc, const void* data) {
      return memory(desc, engine(), const_cast<void*>(data));
    };
    std::unordered_map<int, memory> arguments = {
        {DNNL_ARG_SRC, wrap(desc_.src_desc(), src)},
        {DNNL_ARG_WEIGHTS, dynamic_cast<const OneDnnWeights&>(weights).values()},
        {DNNL_ARG_DST, wrap(desc_.dst_desc(), dst)},
        {DNNL_ARG_SCRATCHPAD, wrap(desc_.scratchpad_desc(), scratch)}};
    if (shape_.has_bias) arguments.emplace(DNNL_ARG_BIAS, wrap(desc_.bias_desc(), bias));
    dnnl::stream stream(engine());
    primitive_.execute(stream, arguments);
    stream.wait();
  }

  int64_t scratch_bytes() const override {
    return static_cast<int64_t>(desc_.scratchpad_desc().get_size());
  }
  std::string implementation() const override { return desc_.impl_info_str(); }

 private:
  ConvolutionShape shape_;
  dnnl::convolution_forward::primitive_desc desc_;
  dnnl::convolution_forward primitive_;
};

}  // namespace

std::unique_ptr<OneDnnConvolution> make_convolution(const ConvolutionShape& shape, int threads) {
  const OneDnnThreads limit(threads);
  try {
    return std::make_unique<Convolution>(shape);
  } catch (const dnnl::error& error) {
    throw Error(ErrorKind::unavailable,
                fmt::format("oneDNN {} has no convolution for {} -> {} channels, kernel {}, "
                            "stride {}, dilation {}: {}",
                            onednn_version(), shape.in_channels, shape.out_channels, shape.kernel,
                            shape.stride, shape.dilation, error.what()));
  }
}

bool onednn_is_fast(MapFormat format) {
  const ConvolutionShape probe = {.in_channels = 64,
                                  .out_channels = 64,
                                  .in_height = 16,
                                  .in_width = 16,
                                  .out_height = 16,
                                  .out_width = 16,
                                  .kernel = 3,
                                  .rows = {1, 1},
                                  .cols = {1, 1},
                                  .has_bias = true,
                                  .activation = Activation::relu,
                                  .format = format};
  const std::string name = make_convolution(probe, 1)->implementation();
  return name.find("jit") != std::string::npos || name.find("brg") != std::string::npos;
}

bool picture_is_planar(MapFormat format) { return format == MapFormat::blocked8; }

#if defined(POSSE_HAVE_GOMP)
OneDnnThreads::OneDnnThreads(int threads) : before_(omp_get_max_threads()) {
  omp_set_num_threads(threads);
}
OneDnnThreads::~OneDnnThreads() { omp_set_num_threads(before_); }
#else
OneDnnThreads::OneDnnThreads(int /*threads*/) : before_(0) {}
OneDnnThreads::~OneDnnThreads() = default;
#endif

std::string onednn_version() {
  const dnnl_version_t* version = dnnl_version();
  return fmt::format("{}.{}.{}", version->major, version->minor, version->patch);
}

}  // namespace posse::cpu
