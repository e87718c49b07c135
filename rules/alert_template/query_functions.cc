// SPDX-License-Identifier: Apache-2.0
// Prometheus' template functions over the results of queries, and args.
#include <algorithm>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "rules/alert_template/functions.h"

namespace sloburn::rules {
namespace {

using Args = std::span<const Value>;
using Result = absl::StatusOr<Value>;

// Maps in maps, so that no walk over them can exhaust the stack.
constexpr int kMaxMapDepth = 50;

absl::Status NilPointer() {
  return absl::InvalidArgumentError(
      "runtime error: invalid memory address or nil pointer dereference");
}

Result ToSamples(QueryValue result) {
  auto samples = std::make_shared<TemplateSamples>();
  if (const auto* scalar = std::get_if<ScalarResult>(&result)) {
    samples->push_back(
        std::make_shared<TemplateSample>(TemplateSample{Labels(), scalar->value, nullptr}));
    return Value::Samples(std::move(samples));
  }
  auto* const vector = std::get_if<InstantVector>(&result);
  if (vector == nullptr) {
    return absl::InvalidArgumentError("rule result is not a vector or scalar");
  }
  samples->reserve(vector->size());
  for (SeriesSample& sample : *vector) {
    // Prometheus' samples with histograms have the value 0.
    samples->push_back(std::make_shared<TemplateSample>(
        TemplateSample{std::move(sample.labels), sample.value, std::move(sample.histogram)}));
  }
  return Value::Samples(std::move(samples));
}

Result Query(CallContext& context, Args args) {
  const TemplateEnvironment& environment = context.environment;
  if (environment.query == nullptr) {
    return absl::FailedPreconditionError("queries are not possible here");
  }
  if (++context.queries > environment.limits.max_queries) {
    return absl::ResourceExhaustedError(
        StrCat("more than ", environment.limits.max_queries, " queries in one template"));
  }
  ASSIGN_OR_RETURN(QueryValue result, environment.query(std::string(args[0].text())));
  return ToSamples(std::move(result));
}

Result First(CallContext&, Args args) {
  const TemplateSamples& samples = args[0].samples();
  if (samples.empty()) {
    return absl::InvalidArgumentError("first() called on vector with no elements");
  }
  return Value::Sample(samples.front());
}

Result LabelOf(const Value& sample, std::string_view name) {
  if (sample.is_null()) return NilPointer();
  return Value::Part(sample.sample().labels.Get(name), sample);
}

Result Label(CallContext&, Args args) { return LabelOf(args[1], args[0].text()); }

Result StrValue(CallContext&, Args args) { return LabelOf(args[0], "__value__"); }

Result ValueOfSample(CallContext&, Args args) {
  if (args[0].is_null()) return NilPointer();
  return ValueOf(args[0].sample()).Interface();
}

Result SortByLabel(CallContext&, Args args) {
  if (args[1].is_null()) return args[1];
  const std::string_view label = args[0].text();
  TemplateSamples& samples = *args[1].shared_samples();
  std::stable_sort(samples.begin(), samples.end(),
                   [&](const TemplateSamplePtr& a, const TemplateSamplePtr& b) {
                     return a->labels.Get(label) < b->labels.Get(label);
                   });
  return args[1];
}

Result MakeArgs(CallContext&, Args args) {
  auto map = std::make_shared<ArgsMap>();
  for (size_t i = 0; i < args.size(); ++i) {
    const Value value = args[i].Unwrapped();
    if (value.type() == GoType::kMap) map->depth = std::max(map->depth, value.map().depth + 1);
    map->entries.emplace(StrCat("arg", i), value);
  }
  if (map->depth > kMaxMapDepth) {
    return absl::ResourceExhaustedError(
        StrCat("more than ", kMaxMapDepth, " results of args in one another"));
  }
  return Value::Map(std::move(map));
}

constexpr ParamType kSamplesOnly[] = {ParamType::kSamples};
constexpr ParamType kSampleOnly[] = {ParamType::kSample};
constexpr ParamType kLabelParams[] = {ParamType::kString, ParamType::kSample};
constexpr ParamType kSortParams[] = {ParamType::kString, ParamType::kSamples};

constexpr TemplateFunction kFunctions[] = {
    {"args", kOneAny, true, MakeArgs},
    {"first", kSamplesOnly, false, First},
    {"label", kLabelParams, false, Label},
    {"query", kOneString, false, Query},
    {"sortByLabel", kSortParams, false, SortByLabel},
    {"strvalue", kSampleOnly, false, StrValue},
    {"value", kSampleOnly, false, ValueOfSample},
};

}  // namespace

std::span<const TemplateFunction> QueryFunctions() { return kFunctions; }

}  // namespace sloburn::rules
