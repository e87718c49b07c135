// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/relabel.h"

#include <re2/re2.h>

#include <functional>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/exec/name_dropping.h"
#include "engine/model/expand_template.h"

namespace sloburn::engine {
namespace {

struct Rewritten {
  Labels labels;
  bool is_set;  // the destination was set, if only to what it was
};
using Rewrite = std::function<Rewritten(const Labels&)>;

class Relabel : public Operator {
 public:
  Relabel(OperatorPtr input, bool sets_name, Rewrite rewrite)
      : input_(std::move(input)), sets_name_(sets_name), rewrite_(std::move(rewrite)) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    for (const OutputSeries& series : input_->series()) {
      const Rewritten rewritten = rewrite_(series.labels);
      // A name that was set anew is no longer to be dropped.
      const bool has_new_name = sets_name_ && rewritten.is_set;
      series_.push_back({rewritten.labels, series.drops_name && !has_new_name});
    }
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override { return input_->Next(column); }

 private:
  const OperatorPtr input_;
  const bool sets_name_;
  const Rewrite rewrite_;
};

const std::string& StringArg(const PlanNode& node, size_t index) {
  return std::get<parser::StringLiteral>(node.children[index]->expr->node).value;
}

OperatorPtr MakeRelabel(OperatorPtr input, const std::string& destination, Rewrite rewrite,
                        ExecContext& context) {
  auto made = std::make_unique<Relabel>(std::move(input), destination == kMetricName,
                                        std::move(rewrite));
  return MergeSameLabels(std::move(made), MergeRule::kSameStep, context);
}

Rewritten Replace(const Labels& labels, const std::string& destination,
                  const std::string& replacement, const std::string& source,
                  const re2::RE2& regex) {
  const std::vector<std::string_view> groups = MatchGroups(regex, labels.Get(source));
  if (groups.empty()) return {labels, false};
  LabelBuilder builder(labels);
  builder.Set(destination, ExpandTemplate(replacement, groups, regex));
  return {builder.Build(), true};
}

}  // namespace

absl::StatusOr<OperatorPtr> MakeLabelReplace(const PlanNode& node, OperatorPtr input,
                                             ExecContext& context) {
  const std::string& destination = StringArg(node, 1);
  const std::string& replacement = StringArg(node, 2);
  const std::string& source = StringArg(node, 3);
  const std::string& pattern = StringArg(node, 4);
  const auto regex = CompileRegex(pattern);
  if (!regex.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("invalid regular expression in label_replace(): ", pattern));
  }
  if (!IsValidLabelName(destination)) {
    return absl::FailedPreconditionError(
        absl::StrCat("invalid destination label name in label_replace(): ", destination));
  }
  const auto compiled = *regex;
  return MakeRelabel(
      std::move(input), destination,
      [=](const Labels& labels) {
        return Replace(labels, destination, replacement, source, *compiled);
      },
      context);
}

absl::StatusOr<OperatorPtr> MakeLabelJoin(const PlanNode& node, OperatorPtr input,
                                          ExecContext& context) {
  const std::string& destination = StringArg(node, 1);
  const std::string& separator = StringArg(node, 2);
  std::vector<std::string> sources;
  for (size_t i = 3; i < node.children.size(); ++i) {
    if (!IsValidLabelName(StringArg(node, i))) {
      return absl::FailedPreconditionError(
          absl::StrCat("invalid source label name in label_join(): ", StringArg(node, i)));
    }
    sources.push_back(StringArg(node, i));
  }
  if (!IsValidLabelName(destination)) {
    return absl::FailedPreconditionError(
        absl::StrCat("invalid destination label name in label_join(): ", destination));
  }
  return MakeRelabel(
      std::move(input), destination,
      [=](const Labels& labels) {
        std::string joined;
        for (size_t i = 0; i < sources.size(); ++i) {
          if (i > 0) joined += separator;
          joined += labels.Get(sources[i]);
        }
        LabelBuilder builder(labels);
        builder.Set(destination, joined);
        return Rewritten{builder.Build(), true};
      },
      context);
}

}  // namespace sloburn::engine
