#include "gate/http/openapi.h"

#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "gate/embedded/descriptors.h"
#include "gate/http/routes.h"
#include "gate/metrics/version.h"
#include "google/protobuf/descriptor.pb.h"

namespace gate {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using Json = nlohmann::ordered_json;

// The comment above a declaration, its lines joined.
template <typename D>
std::string CommentOf(const D& declaration) {
  google::protobuf::SourceLocation location;
  if (!declaration.GetSourceLocation(&location)) return "";
  std::string text;
  for (const char c : location.leading_comments) {
    if (c == '\n') {
      while (text.ends_with(' ')) text.pop_back();
      text += ' ';
    } else if (c != ' ' || !text.ends_with(' ')) {
      text += c;
    }
  }
  while (text.ends_with(' ')) text.pop_back();
  while (text.starts_with(' ')) text.erase(0, 1);
  return text;
}

std::string FirstSentence(const std::string& text) {
  const size_t end = text.find_first_of(".?");
  if (end == std::string::npos) return text;
  return text.substr(0, text[end] == '?' ? end + 1 : end);
}

// "gate.v1.WhatIfResponse.Difference" -> "WhatIfResponse.Difference"
template <typename D>
std::string SchemaName(const D& type) {
  return type.full_name().substr(type.file()->package().size() + 1);
}

// Writes schemas, and remembers which others they need.
class Schemas {
 public:
  Json Field(const FieldDescriptor& field) {
    Json schema;
    if (field.is_map()) {
      schema = {{"type", "object"},
                {"additionalProperties", Value(*field.message_type()->map_value())}};
    } else if (field.is_repeated()) {
      schema = {{"type", "array"}, {"items", Value(field)}};
    } else {
      schema = Value(field);
    }
    const std::string comment = CommentOf(field);
    if (comment.empty()) return schema;
    // A description beside a $ref would be ignored.
    if (schema.contains("$ref")) schema = {{"allOf", Json::array({schema})}};
    schema["description"] = comment;
    return schema;
  }

  Json Reference(const Descriptor& type) {
    if (done_.insert(type.full_name()).second) waiting_.push_back(&type);
    return {{"$ref", "#/components/schemas/" + SchemaName(type)}};
  }

  // Everything that was referred to, by name.
  Json All() {
    std::map<std::string, Json> by_name;
    while (!waiting_.empty()) {
      const Descriptor* type = waiting_.back();
      waiting_.pop_back();
      by_name[SchemaName(*type)] = Object(*type);
    }
    for (const EnumDescriptor* type : enums_) by_name[SchemaName(*type)] = Enum(*type);
    Json all = Json::object();
    for (auto& [name, schema] : by_name) all[name] = std::move(schema);
    return all;
  }

 private:
  Json Value(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        return {{"type", "boolean"}};
      case FieldDescriptor::CPPTYPE_INT32:
      case FieldDescriptor::CPPTYPE_UINT32:
        return {{"type", "integer"}, {"format", "int32"}};
      case FieldDescriptor::CPPTYPE_INT64:
      case FieldDescriptor::CPPTYPE_UINT64:
        return {{"type", "string"}, {"format", "int64"}};
      case FieldDescriptor::CPPTYPE_FLOAT:
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return {{"type", "number"}, {"format", "double"}};
      case FieldDescriptor::CPPTYPE_STRING:
        return field.type() == FieldDescriptor::TYPE_BYTES
                   ? Json{{"type", "string"}, {"format", "byte"}}
                   : Json{{"type", "string"}};
      case FieldDescriptor::CPPTYPE_ENUM:
        enums_.insert(field.enum_type());
        return {{"$ref", "#/components/schemas/" + SchemaName(*field.enum_type())}};
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Message(*field.message_type());
    }
    return Json::object();
  }

  Json Message(const Descriptor& type) {
    if (type.full_name() == "google.protobuf.Timestamp") {
      return {{"type", "string"}, {"format", "date-time"}};
    }
    if (type.full_name() == "google.protobuf.Duration") {
      return {{"type", "string"}, {"pattern", "^-?[0-9]+([.][0-9]{1,9})?s$"}, {"example", "90s"}};
    }
    return Reference(type);
  }

  Json Object(const Descriptor& type) {
    Json properties = Json::object();
    for (int i = 0; i < type.field_count(); ++i) {
      properties[type.field(i)->json_name()] = Field(*type.field(i));
    }
    return {{"type", "object"},
            {"description", CommentOf(type)},
            {"properties", std::move(properties)},
            {"additionalProperties", false}};
  }

  static Json Enum(const EnumDescriptor& type) {
    Json values = Json::array();
    std::string meanings = CommentOf(type);
    for (int i = 0; i < type.value_count(); ++i) {
      values.push_back(type.value(i)->name());
      absl::StrAppend(&meanings, "\n\n`", type.value(i)->name(), "`: ", CommentOf(*type.value(i)));
    }
    return {{"type", "string"}, {"description", meanings}, {"enum", std::move(values)}};
  }

  struct ByName {
    bool operator()(const EnumDescriptor* a, const EnumDescriptor* b) const {
      return a->full_name() < b->full_name();
    }
  };
  std::set<std::string> done_;
  std::vector<const Descriptor*> waiting_;
  std::set<const EnumDescriptor*, ByName> enums_;
};

// "/v1/{name=verdicts/*}:replay" as OpenAPI has it: "/v1/verdicts/{id}:replay".
std::string OpenApiPath(const PathTemplate& path) {
  if (path.variable.empty()) return path.before;
  return absl::StrCat(path.before, path.pattern.substr(0, path.pattern.find('*')), "{id}",
                      path.after);
}

Json Parameters(const HttpRoute& route, Schemas& schemas) {
  Json parameters = Json::array();
  const Descriptor& request = *route.call->input_type();
  if (!route.path.variable.empty()) {
    parameters.push_back(
        {{"name", "id"},
         {"in", "path"},
         {"required", true},
         {"description", absl::StrCat("What follows \"",
                                      route.path.pattern.substr(0, route.path.pattern.find('*')),
                                      "\" in the name.")},
         {"schema", {{"type", "string"}}}});
  }
  if (route.body) return parameters;
  for (int i = 0; i < request.field_count(); ++i) {
    const FieldDescriptor& field = *request.field(i);
    if (field.name() == route.path.variable) continue;
    Json schema = schemas.Field(field);
    const std::string description = schema.value("description", "");
    schema.erase("description");
    parameters.push_back({{"name", field.json_name()},
                          {"in", "query"},
                          {"description", description},
                          {"schema", std::move(schema)}});
  }
  return parameters;
}

Json JsonContent(Json schema) { return {{"application/json", {{"schema", std::move(schema)}}}}; }

Json Operation(const HttpRoute& route, Schemas& schemas) {
  const std::string comment = CommentOf(*route.call);
  Json operation = {
      {"tags", Json::array({route.call->service()->name()})},
      {"operationId", absl::StrCat(route.call->service()->name(), "_", route.call->name())},
      {"summary", FirstSentence(comment)},
      {"description", comment},
      {"parameters", Parameters(route, schemas)}};
  if (route.body) {
    operation["requestBody"] = {
        {"required", true}, {"content", JsonContent(schemas.Reference(*route.call->input_type()))}};
  }
  const Json error = {{"$ref", "#/components/responses/Error"}};
  operation["responses"] = {
      {"200",
       {{"description", CommentOf(*route.call->output_type())},
        {"content", JsonContent(schemas.Reference(*route.call->output_type()))}}},
      {"4XX", error},
      {"5XX", error}};
  return operation;
}

// google.rpc.Status as this API sends it.
Json ErrorSchema() {
  const auto text = [](const char* description) {
    return Json{{"type", "string"}, {"description", description}};
  };
  Json error = {
      {"type", "object"},
      {"properties",
       {{"code", {{"type", "integer"}, {"description", "The HTTP status code."}}},
        {"message", text("What is wrong and what to do, for a person.")},
        {"status", text("The google.rpc.Code, for example INVALID_ARGUMENT.")},
        {"details",
         {{"type", "array"},
          {"description",
           "google.rpc.ErrorInfo, BadRequest, RetryInfo and RequestInfo, each with its \"@type\"."},
          {"items", {{"type", "object"}, {"properties", {{"@type", text("The type's URL.")}}}}}}}}},
      {"required", {"code", "message", "status"}}};
  return {{"type", "object"},
          {"description", "An error. A BLOCK is none: it is a successful answer."},
          {"properties", {{"error", std::move(error)}}},
          {"required", {"error"}}};
}

Json Info() {
  return {{"title", "gate.v1"},
          {"version", kVersion},
          {"description",
           "A deployment-safety gate: may this change go on? The same API as gRPC's gate.v1, as "
           "protobuf JSON."},
          {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}};
}

}  // namespace

std::string OpenApiDocument(const std::function<bool(std::string_view)>& serves) {
  google::protobuf::FileDescriptorSet files;
  files.ParseFromArray(kDescriptors.data(), static_cast<int>(kDescriptors.size()));
  DescriptorPool pool;
  for (const auto& file : files.file()) pool.BuildFile(file);

  Schemas schemas;
  Json paths = Json::object();
  std::map<std::string, std::string> tags;
  for (const HttpRoute& route : HttpRoutes(pool)) {
    if (!serves(route.call->full_name())) continue;
    const std::string verb = route.http_method == "GET" ? "get" : "post";
    paths[OpenApiPath(route.path)][verb] = Operation(route, schemas);
    tags[route.call->service()->name()] = CommentOf(*route.call->service());
  }
  Json tag_list = Json::array();
  for (const auto& [name, description] : tags) {
    tag_list.push_back({{"name", name}, {"description", description}});
  }
  Json components = {{"schemas", schemas.All()}};
  components["schemas"]["Error"] = ErrorSchema();
  components["responses"]["Error"] = {
      {"description", "The gate did not decide."},
      {"content", JsonContent({{"$ref", "#/components/schemas/Error"}})}};
  const Json document = {{"openapi", "3.1.0"},
                         {"info", Info()},
                         {"servers", Json::array({{{"url", "/"}}})},
                         {"security", Json::array()},
                         {"tags", std::move(tag_list)},
                         {"paths", std::move(paths)},
                         {"components", std::move(components)}};
  return document.dump(2) + "\n";
}

}  // namespace gate
