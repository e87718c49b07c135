// SPDX-License-Identifier: Apache-2.0
#include "cli/alertmanager_targets.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "engine/model/label_builder.h"
#include "engine/remote/url.h"

namespace sloburn::cli {
namespace {

constexpr std::string_view kAddressLabel = "__address__";
constexpr std::string_view kSchemeLabel = "__scheme__";
constexpr std::string_view kPathLabel = "__alerts_path__";

std::string PostPath(const std::string& prefix) {
  return std::filesystem::path(StrCat("/", prefix, "/api/v2/alerts")).lexically_normal().string();
}

// What relabel_configs see of one target.
Labels TargetLabels(const AlertmanagerConfig& config, const TargetGroup& group,
                    const std::string& target) {
  LabelBuilder builder;
  for (const auto& [name, value] : group.labels) builder.Set(name, value);
  builder.Set(kAddressLabel, target);
  if (group.labels.count(std::string(kSchemeLabel)) == 0) builder.Set(kSchemeLabel, config.scheme);
  if (group.labels.count(std::string(kPathLabel)) == 0) {
    builder.Set(kPathLabel, PostPath(config.path_prefix));
  }
  return builder.Build();
}

std::string UrlOf(const Labels& labels) {
  return StrCat(labels.Get(kSchemeLabel), "://", labels.Get(kAddressLabel), labels.Get(kPathLabel));
}

absl::Status CheckUrl(const Labels& labels, const std::string& url) {
  const std::string_view address = labels.Get(kAddressLabel);
  if (address.find('/') != std::string_view::npos) {
    return absl::InvalidArgumentError(StrCat(GoQuote(address), " is not a valid hostname"));
  }
  if (address.find('@') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        "a target must not hold a user or a password; use basic_auth");
  }
  const std::string_view path = labels.Get(kPathLabel);
  if (path.empty() || path[0] != '/' || path.find_first_of("?#") != std::string_view::npos) {
    return absl::InvalidArgumentError(
        StrCat(GoQuote(path),
               " is no path to POST alerts to: it must begin with / and be without "
               "? and #"));
  }
  const absl::Status status = remote::ParseUrl(url).status();
  if (status.ok()) return status;
  return absl::InvalidArgumentError(
      StrCat("alertmanager ", GoQuote(url), ": ", std::string(status.message())));
}

void AddOnce(std::vector<std::string>& urls, std::string url) {
  if (std::find(urls.begin(), urls.end(), url) == urls.end()) urls.push_back(std::move(url));
}

}  // namespace

absl::StatusOr<AlertmanagerUrls> ResolveTargets(const AlertmanagerConfig& config) {
  AlertmanagerUrls urls;
  for (const TargetGroup& group : config.static_configs) {
    for (const std::string& target : group.targets) {
      const Labels labels = TargetLabels(config, group, target);
      const std::optional<Labels> relabelled = Relabel(labels, config.relabel_configs);
      if (!relabelled) {
        urls.dropped.push_back(UrlOf(labels));
        continue;
      }
      std::string url = UrlOf(*relabelled);
      RETURN_IF_ERROR(CheckUrl(*relabelled, url));
      AddOnce(urls.active, std::move(url));
    }
  }
  return urls;
}

}  // namespace sloburn::cli
