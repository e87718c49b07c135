// SPDX-License-Identifier: Apache-2.0
#include "engine/model/label_builder.h"

#include <algorithm>

namespace sloburn {
namespace {

bool IsMetricNameLabel(std::string_view name) {
  return name == kMetricName || name == kTypeLabel || name == kUnitLabel;
}

template <typename Predicate>
Labels Filter(const Labels& labels, Predicate keep) {
  std::vector<std::pair<std::string_view, std::string_view>> kept;
  bool is_same = true;
  for (const auto pair : labels) {
    if (keep(pair.first)) {
      kept.push_back(pair);
    } else {
      is_same = false;
    }
  }
  return is_same ? labels : Labels::FromSorted(kept);
}

bool ContainsName(const std::vector<std::string>& names, std::string_view name) {
  return std::binary_search(names.begin(), names.end(), name);
}

}  // namespace

LabelBuilder& LabelBuilder::Set(std::string_view name, std::string_view value) {
  if (value.empty()) return Delete(name);
  for (Label& pair : pairs_) {
    if (pair.name == name) {
      pair.value = value;
      return *this;
    }
  }
  pairs_.push_back({std::string(name), std::string(value)});
  return *this;
}

LabelBuilder& LabelBuilder::Delete(std::string_view name) {
  std::erase_if(pairs_, [name](const Label& pair) { return pair.name == name; });
  return *this;
}

LabelBuilder& LabelBuilder::Delete(const std::vector<std::string>& names) {
  for (const std::string& name : names) Delete(name);
  return *this;
}

LabelBuilder& LabelBuilder::Keep(const std::vector<std::string>& names) {
  std::erase_if(pairs_, [&names](const Label& pair) {
    return std::find(names.begin(), names.end(), pair.name) == names.end();
  });
  return *this;
}

LabelBuilder& LabelBuilder::DropMetricName() {
  std::erase_if(pairs_, [](const Label& pair) { return IsMetricNameLabel(pair.name); });
  return *this;
}

std::string_view LabelBuilder::Get(std::string_view name) const {
  for (const Label& pair : pairs_) {
    if (pair.name == name) return pair.value;
  }
  return {};
}

Labels DropMetricName(const Labels& labels) {
  // Mostly the labels to be dropped are the first ones.
  auto rest = labels.begin();
  while (rest != labels.end() && IsMetricNameLabel((*rest).first)) ++rest;
  const bool is_clean = !(rest != labels.end()) || (*rest).first > kUnitLabel;
  if (is_clean && rest != labels.begin()) {
    const std::string_view bytes = labels.bytes();
    return Labels::FromBytes(bytes.substr(rest.place() - bytes.data()));
  }
  return Filter(labels, [](std::string_view name) { return !IsMetricNameLabel(name); });
}

Labels KeepLabels(const Labels& labels, const std::vector<std::string>& names) {
  return Filter(labels, [&](std::string_view name) { return ContainsName(names, name); });
}

Labels WithoutLabels(const Labels& labels, const std::vector<std::string>& names) {
  return Filter(labels, [&](std::string_view name) { return !ContainsName(names, name); });
}

Labels AddMissingLabels(const Labels& labels, const std::vector<Label>& added) {
  if (added.empty()) return labels;
  LabelBuilder builder(labels);
  for (const Label& label : added) {
    if (!labels.Has(label.name)) builder.Set(label.name, label.value);
  }
  return builder.Build();
}

}  // namespace sloburn
