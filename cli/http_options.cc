// SPDX-License-Identifier: Apache-2.0
#include "cli/http_options.h"

#include "cli/version.h"

namespace sloburn::cli {

remote::HttpClientOptions ToHttpOptions(const std::string& url, const HttpClientConfig& http,
                                        const std::map<std::string, Secret>& headers,
                                        absl::Duration timeout) {
  remote::HttpClientOptions options;
  options.url = url;
  options.total_timeout = timeout;
  options.basic_auth.username = http.basic_auth.username;
  options.basic_auth.username_file = http.basic_auth.username_file;
  options.basic_auth.password = http.basic_auth.password.reveal();
  options.basic_auth.password_file = http.basic_auth.password_file;
  options.authorization.type = http.authorization.type;
  options.authorization.credentials = http.authorization.credentials.reveal();
  options.authorization.credentials_file = http.authorization.credentials_file;
  options.tls.ca_file = http.tls_config.ca_file;
  options.tls.cert_file = http.tls_config.cert_file;
  options.tls.key_file = http.tls_config.key_file;
  options.tls.server_name = http.tls_config.server_name;
  options.tls.insecure_skip_verify = http.tls_config.insecure_skip_verify;
  for (const auto& [name, value] : headers) options.headers.emplace_back(name, value.reveal());
  for (const auto& [name, header] : http.http_headers) {
    for (const std::string& value : header.values) options.headers.emplace_back(name, value);
    for (const Secret& secret : header.secrets) options.headers.emplace_back(name, secret.reveal());
    for (const std::string& file : header.files) options.header_files.emplace_back(name, file);
  }
  options.user_agent = std::string("sloburn/") + kVersion;
  return options;
}

remote::WriteSenderOptions ToSenderOptions(const RemoteWriteConfig& endpoint) {
  remote::WriteSenderOptions options;
  options.name = endpoint.name;
  options.http =
      ToHttpOptions(endpoint.url, endpoint.http, endpoint.headers, endpoint.remote_timeout);
  options.message = endpoint.protobuf_message;
  options.send_native_histograms = endpoint.send_native_histograms;
  options.min_backoff = endpoint.queue_config.min_backoff;
  options.max_backoff = endpoint.queue_config.max_backoff;
  options.retry_on_http_429 = endpoint.queue_config.retry_on_http_429;
  options.one_sample_per_series = true;
  options.sample_age_limit = endpoint.queue_config.sample_age_limit;
  return options;
}

}  // namespace sloburn::cli
