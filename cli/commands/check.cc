// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/query_flags.h"
#include "cli/exit_status.h"
#include "cli/web_config_file.h"
#include "rules/rule_file.h"
#include "web/web_security.h"

namespace sloburn::cli {
namespace {

struct CheckFlags {
  std::vector<std::string> files;
  QueryFlags query;
};

// Prometheus' layout: what is good on stdout, problems on stderr.
bool CheckFile(const std::string& file, const rules::RuleFileOptions& options) {
  std::cout << "Checking " << file << std::endl;
  const rules::ParsedRuleFile parsed = rules::ReadRuleFile(file, options);
  for (const rules::Diagnostic& warning : parsed.warnings) {
    std::cerr << "  WARNING: " << warning.ToString() << "\n";
  }
  if (!parsed.ok()) {
    std::cerr << "  FAILED:\n";
    for (const rules::Diagnostic& error : parsed.errors) std::cerr << error.ToString() << "\n";
    std::cerr << std::endl;
    return false;
  }
  size_t rules = 0;
  for (const rules::GroupSpec& group : parsed.file.groups) rules += group.rules.size();
  const auto duplicates = rules::FindDuplicateRules(parsed.file);
  if (!duplicates.empty()) {
    std::cerr << "  FAILED:\n" << "lint error " << rules::DescribeDuplicates(duplicates) << "\n";
  } else {
    std::cout << "  SUCCESS: " << rules << " rules found\n" << std::endl;
  }
  return true;
}

// promtool's layout: everything on stderr.
bool CheckWebConfig(const std::string& file) {
  const absl::Status status = web::WebSecurity::Open(file, ParseWebConfig).status();
  if (status.ok()) {
    std::cerr << file << " SUCCESS\n";
  } else {
    std::cerr << file << " FAILED: " << status.message() << "\n";
  }
  return status.ok();
}

void AddCheckWebConfigCommand(CLI::App& check, int& exit_code) {
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* const command = check.add_subcommand(
      "web-config", "Check web configuration files, and the certificates and keys they name");
  command->add_option("FILE", *files, "Web configuration files")->required();
  command->footer("Example:\n  sloburn check web-config web.yml");
  command->callback([files, &exit_code] {
    for (const std::string& file : *files) {
      if (!CheckWebConfig(file)) exit_code = kExitProblems;
    }
  });
}

}  // namespace

void AddCheckCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<CheckFlags>();
  CLI::App* const command = app.add_subcommand(
      "check", "Check rule files and PrometheusRule manifests; reports every error of a file");
  CLI::Option* const files = command->add_option("FILE", flags->files, "Rule files");
  AddCheckWebConfigCommand(*command, exit_code);
  flags->query.AddTo(*command);
  command->footer("Examples:\n  sloburn check rules/*.yaml\n  sloburn check web-config web.yml");
  command->callback([flags, files, command, &exit_code] {
    if (!command->get_subcommands().empty()) return;  // has its own callback
    if (files->count() == 0) throw CLI::RequiredError("FILE");
    const auto query = flags->query.ToOptions();
    if (!query.ok()) {
      std::cerr << "error: " << query.status().message() << "\n";
      exit_code = kExitUsage;
      return;
    }
    rules::RuleFileOptions options;
    options.query = *query;
    options.prepares_queries = false;
    for (const std::string& file : flags->files) {
      if (!CheckFile(file, options)) exit_code = kExitProblems;
    }
  });
}

}  // namespace sloburn::cli
