// SPDX-License-Identifier: Apache-2.0
#include "cli/refused_keys.h"

namespace sloburn::cli {
namespace {

constexpr std::string_view kNoScraping = "has no meaning here: this program does not scrape";
constexpr std::string_view kNotYet = "is not supported in this version";

}  // namespace

const std::vector<RefusedKey>& RefusedTopKeys() {
  static const auto* const kKeys = new std::vector<RefusedKey>{
      {"scrape_configs", kNoScraping},
      {"scrape_config_files", kNoScraping},
      {"runtime", "has no meaning here"},
      {"storage", "has no meaning here: see the --storage flags"},
      {"tracing", kNotYet},
      {"otlp", kNotYet},
      {"alerting", kNotYet},
      {"remote_read", "has no meaning here: name the Prometheus to read from in source"},
  };
  return *kKeys;
}

const std::vector<RefusedKey>& RefusedGlobalKeys() {
  static const auto* const kKeys = new std::vector<RefusedKey>{
      {"scrape_interval", kNoScraping},
      {"scrape_timeout", kNoScraping},
      {"scrape_protocols", kNoScraping},
      {"scrape_failure_log_file", kNoScraping},
      {"body_size_limit", kNoScraping},
      {"sample_limit", kNoScraping},
      {"label_limit", kNoScraping},
      {"target_limit", kNoScraping},
      {"query_log_file", kNotYet},
      {"query_offset", "is a key of rule groups; the default of all is rule_query_offset"},
  };
  return *kKeys;
}

const std::vector<RefusedKey>& RefusedHttpKeys() {
  static const auto* const kKeys = new std::vector<RefusedKey>{
      {"oauth2", kNotYet},
      {"sigv4", kNotYet},
      {"azuread", kNotYet},
      {"google_iam", kNotYet},
      {"http_headers", "is not supported; use headers"},
      {"proxy_url", kNotYet},
      {"proxy_from_environment", kNotYet},
      {"no_proxy", kNotYet},
      {"follow_redirects", "is not supported: redirects are never followed"},
      {"enable_http2", kNotYet},
      {"metadata_config", "has no meaning here: rules have no metadata"},
      {"send_exemplars", "has no meaning here: rules have no exemplars"},
      {"round_robin_dns", kNotYet},
      {"bearer_token", "is not supported; use authorization"},
      {"bearer_token_file", "is not supported; use authorization"},
  };
  return *kKeys;
}

const std::vector<RefusedKey>& RefusedQueueKeys() {
  static const auto* const kKeys = new std::vector<RefusedKey>{
      {"max_shards", "has no meaning here: one connection keeps the order of samples"},
      {"min_shards", "has no meaning here: one connection keeps the order of samples"},
  };
  return *kKeys;
}

const std::vector<RefusedKey>& RefusedTlsKeys() {
  static const auto* const kKeys = new std::vector<RefusedKey>{
      {"ca", "is not supported; use ca_file"},
      {"cert", "is not supported; use cert_file"},
      {"key", "is not supported; use key_file"},
      {"min_version", kNotYet},
      {"max_version", kNotYet},
  };
  return *kKeys;
}

}  // namespace sloburn::cli
