// SPDX-License-Identifier: Apache-2.0
// The HTTP client's TLS: certificates are verified, against the right name, and may be required of
// the client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/str_cat.h"
#include "engine/remote/http_client.h"
#include "tests/engine/remote/tls_server.h"

namespace sloburn::remote {
namespace {

using testing::HasSubstr;

absl::StatusOr<HttpResponse> Get(const TlsServer& server, TlsOptions tls,
                                 const std::string& host = "localhost") {
  HttpClientOptions options{.url = StrCat("https://", host, ":", server.port()),
                            .total_timeout = absl::Seconds(10),
                            .tls = std::move(tls)};
  auto client = HttpClient::Create(std::move(options));
  if (!client.ok()) return client.status();
  return (*client)->Get("/");
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(TlsTest, VerifiesAgainstTheGivenAuthority) {
  const Certificate certificate("tls-good", "DNS:localhost,IP:127.0.0.1");
  TlsServer server(certificate);
  const auto response = Get(server, {.ca_file = certificate.cert_file});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "secret");
  EXPECT_EQ(server.server_name(), "localhost");
  EXPECT_TRUE(Get(server, {.ca_file = certificate.cert_file}, "127.0.0.1").ok());
}

TEST(TlsTest, RefusesUnknownAuthoritiesAndWrongNames) {
  const Certificate certificate("tls-one", "DNS:localhost");
  const Certificate other("tls-two", "DNS:localhost");
  TlsServer server(certificate);
  for (const std::string& ca : {std::string(), other.cert_file}) {
    const absl::Status status = Get(server, {.ca_file = ca}).status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(Message(status), HasSubstr("certificate for localhost is refused"));
  }
  const absl::Status name = Get(server, {.ca_file = certificate.cert_file}, "127.0.0.1").status();
  EXPECT_TRUE(absl::IsUnavailable(name)) << name;
}

TEST(TlsTest, ServerNameAndSkipVerify) {
  const Certificate certificate("tls-named", "DNS:prometheus.example");
  TlsServer server(certificate);
  EXPECT_FALSE(Get(server, {.ca_file = certificate.cert_file}).ok());
  const auto named = Get(
      server, {.ca_file = certificate.cert_file, .server_name = "prometheus.example"}, "127.0.0.1");
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_EQ(server.server_name(), "prometheus.example");
  EXPECT_TRUE(Get(server, {.insecure_skip_verify = true}).ok());
}

TEST(TlsTest, ClientCertificates) {
  const Certificate certificate("tls-server", "DNS:localhost");
  const Certificate client("tls-client", "DNS:client");
  TlsServer server(certificate, client.cert_file);
  EXPECT_FALSE(Get(server, {.ca_file = certificate.cert_file}).ok());
  const auto response = Get(server, {.ca_file = certificate.cert_file,
                                     .cert_file = client.cert_file,
                                     .key_file = client.key_file});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "secret");
}

TEST(TlsTest, BadFilesAreNamed) {
  const Certificate certificate("tls-files", "DNS:localhost");
  const std::string junk = testing::TempDir() + "/junk.pem";
  std::ofstream(junk) << "no certificate";
  const absl::Status bad =
      HttpClient::Create({.url = "https://h", .tls = {.ca_file = junk}}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(bad)) << bad;
  EXPECT_THAT(Message(bad), HasSubstr(junk));
  const absl::Status key =
      HttpClient::Create(
          {.url = "https://h", .tls = {.cert_file = certificate.cert_file, .key_file = junk}})
          .status();
  EXPECT_THAT(Message(key), HasSubstr("key_file " + junk));
}

TEST(TlsTest, PlainHttpOnATlsPort) {
  const Certificate certificate("tls-plain", "DNS:localhost");
  TlsServer server(certificate);
  const auto client = *HttpClient::Create(
      {.url = StrCat("http://127.0.0.1:", server.port()), .total_timeout = absl::Seconds(5)});
  EXPECT_FALSE(client->Get("/").ok());
}

}  // namespace
}  // namespace sloburn::remote
