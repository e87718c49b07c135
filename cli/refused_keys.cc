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

const std::vector<RefusedKey>& RefusedAlertmanagerKeys() {
  static const auto* const kKeys = [] {
    auto* keys = new std::vector<RefusedKey>(RefusedHttpKeys());
    for (const std::string_view name :
         {"aws_sd_configs",          "azure_sd_configs",     "consul_sd_configs",
          "digitalocean_sd_configs", "dns_sd_configs",       "docker_sd_configs",
          "dockerswarm_sd_configs",  "ec2_sd_configs",       "eureka_sd_configs",
          "file_sd_configs",         "gce_sd_configs",       "hetzner_sd_configs",
          "http_sd_configs",         "ionos_sd_configs",     "kubernetes_sd_configs",
          "kuma_sd_configs",         "lightsail_sd_configs", "linode_sd_configs",
          "marathon_sd_configs",     "nerve_sd_configs",     "nomad_sd_configs",
          "oci_sd_configs",          "openstack_sd_configs", "outscale_sd_configs",
          "ovhcloud_sd_configs",     "puppetdb_sd_configs",  "scaleway_sd_configs",
          "serverset_sd_configs",    "stackit_sd_configs",   "triton_sd_configs",
          "uyuni_sd_configs",        "vultr_sd_configs"}) {
      keys->push_back({name, "is not supported; name the Alertmanagers in static_configs"});
    }
    return keys;
  }();
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
