// SPDX-License-Identifier: Apache-2.0
#include "cli/web_config_file.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "cli/config_fields.h"
#include "web/password_check.h"
#include "web/tls_context.h"

namespace sloburn::cli {
namespace {

using web::ClientAuth;

template <typename T>
struct Choice {
  std::string_view name;
  T value;
};

constexpr Choice<int> kVersions[] = {{"TLS10", TLS1_VERSION},
                                     {"TLS11", TLS1_1_VERSION},
                                     {"TLS12", TLS1_2_VERSION},
                                     {"TLS13", TLS1_3_VERSION}};

constexpr Choice<ClientAuth> kClientAuths[] = {
    {"", ClientAuth::kNoClientCert},
    {"NoClientCert", ClientAuth::kNoClientCert},
    {"RequestClientCert", ClientAuth::kRequestClientCert},
    {"RequireAnyClientCert", ClientAuth::kRequireAnyClientCert},
    {"RequireClientCert", ClientAuth::kRequireAnyClientCert},  // its old name
    {"VerifyClientCertIfGiven", ClientAuth::kVerifyClientCertIfGiven},
    {"RequireAndVerifyClientCert", ClientAuth::kRequireAndVerifyClientCert}};

struct HeaderRule {
  std::string_view name;
  std::array<std::string_view, 2> values;  // empty ones: any value
};
constexpr HeaderRule kHeaders[] = {{"Strict-Transport-Security", {}},
                                   {"X-Content-Type-Options", {"nosniff", "nosniff"}},
                                   {"X-Frame-Options", {"deny", "sameorigin"}},
                                   {"X-XSS-Protection", {}},
                                   {"Content-Security-Policy", {}}};

class WebConfigReader {
 public:
  explicit WebConfigReader(const std::string& path)
      : log_(path), folder_(std::filesystem::path(path).parent_path()) {}

  web::WebConfig Read(const YamlNode* root);
  ConfigLog& log() { return log_; }

 private:
  void ReadTls(const YamlNode* node, std::optional<web::TlsServerConfig>& room);
  void ReadPem(ConfigFields& fields, const char* name, std::string& text, std::string& file);
  void CheckTls(ConfigFields& fields, const web::TlsServerConfig& tls);
  void ReadAlgorithms(ConfigFields& fields, std::string_view name, std::string_view what,
                      std::optional<std::string_view> (*find)(std::string_view),
                      std::vector<std::string>& all);
  void ReadHttp(const YamlNode* node, web::WebConfig& config);
  void ReadHeader(const HeaderRule& rule, const YamlNode& node, std::vector<web::Header>& headers);
  void ReadUsers(const YamlNode* node, web::WebConfig& config);
  void ReadRateLimit(const YamlNode* node, web::RateLimit& limit);
  template <typename T, size_t kSize>
  void Choose(ConfigFields& fields, std::string_view name, std::string_view what,
              const Choice<T> (&choices)[kSize], T& value);

  ConfigLog log_;
  const std::filesystem::path folder_;
};

web::WebConfig WebConfigReader::Read(const YamlNode* root) {
  web::WebConfig config;
  ConfigFields fields(root, "the web configuration", log_);
  ReadTls(fields.Find("tls_server_config"), config.tls);
  ReadHttp(fields.Find("http_server_config"), config);
  ReadUsers(fields.Find("basic_auth_users"), config);
  ReadRateLimit(fields.Find("rate_limit"), config.rate_limit);
  fields.Finish({});
  return config;
}

template <typename T, size_t kSize>
void WebConfigReader::Choose(ConfigFields& fields, std::string_view name, std::string_view what,
                             const Choice<T> (&choices)[kSize], T& value) {
  if (!fields.Has(name)) return;
  std::string text;
  fields.Read(name, text);
  for (const Choice<T>& choice : choices) {
    if (choice.name != text) continue;
    value = choice.value;
    return;
  }
  fields.Error(name, StrCat(what, text));
}

void WebConfigReader::ReadPem(ConfigFields& fields, const char* name, std::string& text,
                              std::string& file) {
  Secret secret;
  fields.Read(name, secret);
  text = secret.reveal();
  const std::string file_name = StrCat(name, "_file");
  fields.Read(file_name, file);
  if (!file.empty() && file[0] != '/') file = (folder_ / file).lexically_normal().string();
  if (!text.empty() && !file.empty()) {
    fields.Error(file_name, StrCat("at most one of ", name, " & ", file_name, " must be configured"));
  }
}

void WebConfigReader::ReadAlgorithms(ConfigFields& fields, std::string_view name,
                                     std::string_view what,
                                     std::optional<std::string_view> (*find)(std::string_view),
                                     std::vector<std::string>& all) {
  std::vector<std::string> names;
  fields.Read(name, names);
  for (const std::string& one : names) {
    if (const auto found = find(one)) {
      all.emplace_back(*found);
    } else {
      fields.Error(name, StrCat("unknown ", what, ": ", one));
    }
  }
}

void WebConfigReader::ReadTls(const YamlNode* node, std::optional<web::TlsServerConfig>& room) {
  web::TlsServerConfig tls;
  tls.min_version = TLS1_2_VERSION;
  tls.max_version = TLS1_3_VERSION;
  ConfigFields fields(node, "tls_server_config", log_);
  ReadPem(fields, "cert", tls.cert, tls.cert_file);
  ReadPem(fields, "key", tls.key, tls.key_file);
  ReadPem(fields, "client_ca", tls.client_ca, tls.client_ca_file);
  std::string client_auth;
  fields.Read("client_auth_type", client_auth);
  Choose(fields, "client_auth_type", "invalid ClientAuth: ", kClientAuths, tls.client_auth);
  fields.Read("client_allowed_sans", tls.client_allowed_sans);
  Choose(fields, "min_version", "unknown TLS version: ", kVersions, tls.min_version);
  Choose(fields, "max_version", "unknown TLS version: ", kVersions, tls.max_version);
  ReadAlgorithms(fields, "cipher_suites", "cipher", web::CipherByGoName, tls.cipher_suites);
  ReadAlgorithms(fields, "curve_preferences", "curve", web::CurveByGoName, tls.curves);
  fields.Read("prefer_server_cipher_suites", tls.prefer_server_cipher_suites);
  fields.Finish({});
  // As in the exporter toolkit, other fields alone leave TLS off.
  const bool is_enabled = !tls.cert.empty() || !tls.cert_file.empty() || !tls.key.empty() ||
                          !tls.key_file.empty() || !tls.client_ca.empty() ||
                          !tls.client_ca_file.empty() || !client_auth.empty();
  if (!is_enabled) return;
  CheckTls(fields, tls);
  room = std::move(tls);
}

void WebConfigReader::CheckTls(ConfigFields& fields, const web::TlsServerConfig& tls) {
  if (tls.cert.empty() && tls.cert_file.empty()) {
    fields.Error("cert_file", "missing one of cert or cert_file");
  }
  if (tls.key.empty() && tls.key_file.empty()) {
    fields.Error("key_file", "missing one of key or key_file");
  }
  if (tls.min_version > tls.max_version) {
    fields.Error("min_version", "min_version must not be above max_version");
  }
  if (tls.client_auth != ClientAuth::kNoClientCert) return;
  if (!tls.client_ca.empty() || !tls.client_ca_file.empty()) {
    fields.Error(tls.client_ca.empty() ? "client_ca_file" : "client_ca",
                 "client CA's have been configured without a Client Auth Policy");
  }
  // Otherwise nobody would be asked, and everybody let in.
  if (!tls.client_allowed_sans.empty()) {
    fields.Error("client_allowed_sans",
                 "client_allowed_sans has no effect without a Client Auth Policy; set "
                 "client_auth_type: RequireAndVerifyClientCert");
  }
}

void WebConfigReader::ReadHttp(const YamlNode* node, web::WebConfig& config) {
  ConfigFields fields(node, "http_server_config", log_);
  fields.Read("http2", config.wants_http2);
  const YamlNode* const headers = fields.Find("headers");
  fields.Finish({});
  if (headers == nullptr || headers->is_null()) return;
  if (!headers->is_mapping()) return log_.Error(*headers, "headers must be a mapping");
  for (const auto& [key, value] : headers->entries) {
    const auto rule = std::find_if(std::begin(kHeaders), std::end(kHeaders),
                                   [&key](const HeaderRule& one) { return one.name == key->value; });
    if (rule == std::end(kHeaders)) {
      log_.Error(*key, StrCat("HTTP header ", ShownKey(key->value), " can not be configured"));
    } else {
      ReadHeader(*rule, *value, config.headers);
    }
  }
}

void WebConfigReader::ReadHeader(const HeaderRule& rule, const YamlNode& node,
                                 std::vector<web::Header>& headers) {
  const std::optional<std::string> text = node.AsString();
  if (!text || text->find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
    return log_.Error(node, StrCat("the value of ", rule.name, " must be one line of text"));
  }
  if (!rule.values[0].empty() && *text != rule.values[0] && *text != rule.values[1]) {
    std::string expected = GoQuote(rule.values[0]);
    if (rule.values[1] != rule.values[0]) StrAppend(&expected, " ", GoQuote(rule.values[1]));
    return log_.Error(node, StrCat("invalid value for ", rule.name, ". Expected one of: [",
                                   expected, "], but got: ", GoQuote(*text)));
  }
  if (!text->empty()) headers.push_back({std::string(rule.name), *text});
}

void WebConfigReader::ReadUsers(const YamlNode* node, web::WebConfig& config) {
  if (node == nullptr || node->is_null()) return;
  if (!node->is_mapping()) return log_.Error(*node, "basic_auth_users must be a mapping");
  for (const auto& [key, value] : node->entries) {
    const std::optional<std::string> name = key->AsString(), hash = value->AsString();
    if (!name || !hash) {
      log_.Error(*key, "keys and values of basic_auth_users must be text");
      continue;
    }
    const std::optional<int> cost = web::BcryptCost(*hash);
    if (name->find(':') != std::string::npos) {
      log_.Error(*key, "a user name must not hold a colon: no client can send it");
    } else if (!cost) {
      log_.Error(*value, StrCat("the password of ", GoQuote(*name),
                                " is not a bcrypt hash like $2y$10$...; htpasswd -nBC 10 makes one"));
    } else if (*cost > web::kMaxBcryptCost) {
      log_.Error(*value, StrCat("the hash of ", GoQuote(*name), " has the cost ", *cost,
                                ", which takes minutes; the limit is ", web::kMaxBcryptCost));
    }
    config.users[*name] = *hash;
  }
}

void WebConfigReader::ReadRateLimit(const YamlNode* node, web::RateLimit& limit) {
  ConfigFields fields(node, "rate_limit", log_);
  std::string interval = "0";
  fields.Read("interval", interval);
  if (!absl::ParseDuration(interval, &limit.interval) || limit.interval < absl::ZeroDuration()) {
    fields.Error("interval", StrCat("interval in rate_limit: ", GoQuote(interval),
                                    " is not a duration like 500ms or 1s"));
  }
  fields.Read("burst", limit.burst, 0);
  if (limit.interval > absl::ZeroDuration() && limit.burst == 0) {
    fields.Error("burst", "burst in rate_limit must be at least 1: 0 refuses every request");
  }
  fields.Finish({});
}

}  // namespace

absl::StatusOr<web::WebConfig> ParseWebConfig(const std::string& path, std::string_view text) {
  WebConfigReader reader(path);
  ASSIGN_OR_RETURN(const YamlStream stream,
                   ParseConfigYaml(text, {.max_bytes = 1 << 20}, reader.log()));
  web::WebConfig config =
      reader.Read(stream.documents().empty() ? nullptr : stream.documents().front());
  RETURN_IF_ERROR(reader.log().ToStatus());
  return config;
}

}  // namespace sloburn::cli
