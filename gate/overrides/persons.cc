#include "gate/overrides/persons.h"

#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace gate {
namespace {

// Letters and digits in lower case; what is beyond ASCII stays as it is.
std::string Plain(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    const bool beyond = static_cast<unsigned char>(c) >= 0x80;
    if (beyond || absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      plain.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
    }
  }
  return plain;
}

void Add(std::string_view text, std::set<std::string>& names) {
  std::string plain = Plain(text);
  if (!plain.empty()) names.insert(std::move(plain));
}

void AddAddress(std::string_view address, std::set<std::string>& names) {
  Add(address, names);
  const std::string_view local = address.substr(0, address.find('@'));
  Add(local, names);
  const size_t plus = local.find('+');
  if (plus == local.npos) return;
  Add(local.substr(0, plus), names);
  Add(local.substr(plus + 1), names);
}

void AddName(std::string_view name, std::set<std::string>& names) {
  Add(name, names);
  for (const absl::string_view word :
       absl::StrSplit(absl::string_view(name.data(), name.size()), absl::ByAnyChar(" \t,;()\"'"))) {
    Add({word.data(), word.size()}, names);
  }
}

std::set<std::string> NamesOfActor(std::string_view actor) {
  std::set<std::string> names;
  const bool host = actor.starts_with("dns:");
  std::string_view last = actor.substr(actor.find_last_of("/:") + 1);
  AddAddress(last, names);
  if (host) Add(last.substr(0, last.find('.')), names);
  return names;
}

std::set<std::string> NamesOfAuthor(std::string_view author) {
  std::set<std::string> names;
  const size_t open = author.find('<');
  if (open != author.npos) {
    AddName(author.substr(0, open), names);
    const size_t close = author.find('>', open);
    AddAddress(author.substr(open + 1, close == author.npos ? close : close - open - 1), names);
  } else if (author.find('@') != author.npos) {
    AddAddress(author, names);
  } else {
    AddName(author, names);
    // A subject, where the pipeline tells one.
    names.merge(NamesOfActor(author));
  }
  return names;
}

bool Meet(const std::set<std::string>& a, const std::set<std::string>& b) {
  for (const std::string& name : a) {
    if (b.contains(name)) return true;
  }
  return false;
}

}  // namespace

bool IsNobody(std::string_view actor) {
  const std::set<std::string> names = NamesOfActor(actor);
  return names.empty() || actor == "open:anonymous";
}

bool MayBeSameActor(std::string_view a, std::string_view b) {
  return a == b || Meet(NamesOfActor(a), NamesOfActor(b));
}

bool MayBeAuthor(std::string_view actor, std::string_view author) {
  return Meet(NamesOfActor(actor), NamesOfAuthor(author));
}

}  // namespace gate
