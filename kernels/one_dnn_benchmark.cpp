// oneDNN's matmul, on one core: its team of threads is kept at one.
#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>

#include "kernels/one_dnn.hpp"

namespace switchyard {

using dnnl::memory;

struct OneDnnProduct::State {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl::matmul matmul;
  memory given_left, given_result;  // fp32, the caller's
  memory left, right, result;       // as the product wants them
};

OneDnnProduct::OneDnnProduct(ScoreFormat format, std::int64_t m, std::int64_t n, std::int64_t k,
                             std::span<const float> right)
    : state_(std::make_unique<State>()) {
  omp_set_num_threads(1);
  State& s = *state_;
  using Type = memory::data_type;
  using Tag = memory::format_tag;
  const Type type = format == ScoreFormat::bf16 ? Type::bf16 : Type::f32;
  const memory::desc given_left({m, k}, Type::f32, Tag::ab);
  const memory::desc given_right({k, n}, Type::f32, Tag::ba);
  const memory::desc given_result({m, n}, Type::f32, Tag::ab);
  const memory::desc left({m, k}, type, Tag::ab);
  const memory::desc any({k, n}, type, Tag::any);
  const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(left, any, given_result), s.engine);
  s.matmul = dnnl::matmul(description);
  s.given_left = memory(given_left, s.engine, nullptr);
  s.given_result = memory(given_result, s.engine, nullptr);
  s.left = memory(left, s.engine);
  s.right = memory(description.weights_desc(), s.engine);
  s.result = memory(given_result, s.engine);
  memory from(given_right, s.engine, const_cast<float*>(right.data()));
  dnnl::reorder(from, s.right).execute(s.stream, from, s.right);
  s.stream.wait();
}

OneDnnProduct::~OneDnnProduct() = default;

void OneDnnProduct::operator()(std::span<const float> left, std::span<float> result) {
  State& s = *state_;
  s.given_left.set_data_handle(const_cast<float*>(left.data()));
  s.given_result.set_data_handle(result.data());
  const memory* operand = &s.given_left;
  if (s.left.get_desc() != s.given_left.get_desc()) {
    dnnl::reorder(s.given_left, s.left).execute(s.stream, s.given_left, s.left);
    operand = &s.left;
  }
  s.matmul.execute(s.stream,
                   {{DNNL_ARG_SRC, *operand}, {DNNL_ARG_WEIGHTS, s.right}, {DNNL_ARG_DST, s.given_result}});
  s.stream.wait();
}

void OneDnnProduct::repeat() {
  State& s = *state_;
  s.matmul.execute(s.stream, {{DNNL_ARG_SRC, s.left}, {DNNL_ARG_WEIGHTS, s.right}, {DNNL_ARG_DST, s.result}});
  s.stream.wait();
}

}  // namespace switchyard
