// SPDX-License-Identifier: Apache-2.0
// What the source knows of ALERTS_FOR_STATE: written back there by an earlier process of ours, or by
// the source's own rules, which these here replace.
//
// Asked through the query API, which every source has. It shows no staleness markers, so a series
// counts as ended where a query shortly after its last sample does not find it.
// Threads: any.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/config.h"
#include "engine/remote/http_client.h"
#include "rules/alert_restore.h"

namespace sloburn::cli {

class SourceAlertHistory : public rules::AlertHistory {
 public:
  using ExternalLabels = std::function<std::map<std::string, std::string>()>;

  // `external_labels`: those that write-back adds now. Series that have them are given without them,
  // too. Errors: those of HttpClient::Create.
  static absl::StatusOr<std::unique_ptr<SourceAlertHistory>> Create(const SourceConfig& config,
                                                                    ExternalLabels external_labels);

  absl::StatusOr<std::vector<SeriesSamples>> Read(const Matchers& matchers, int64_t from_ms,
                                                  int64_t to_ms) override;
  // Requests under way and later ones fail.
  void Cancel() { client_->Cancel(); }

 private:
  SourceAlertHistory(std::unique_ptr<remote::HttpClient> client, ExternalLabels external_labels)
      : client_(std::move(client)), external_labels_(std::move(external_labels)) {}

  const std::unique_ptr<remote::HttpClient> client_;
  const ExternalLabels external_labels_;
};

}  // namespace sloburn::cli
