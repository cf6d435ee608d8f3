# cmake -DENGINE=name -DFOLDER=dir -DOUT=file.cc -P embed_sql.cmake
# Writes a C++ source that holds the numbered files of a folder, in order; see gate/store/schema.h.
file(GLOB files ${FOLDER}/[0-9][0-9][0-9][0-9]_*.sql)
list(SORT files)
set(entries)
foreach(file IN LISTS files)
  get_filename_component(name ${file} NAME)
  string(REGEX MATCH "^[0-9]+" number ${name})
  string(REGEX REPLACE "^0+" "" number ${number})
  file(READ ${file} sql)
  string(APPEND entries "      {${number}, \"${name}\", R\"sql(${sql})sql\"},\n")
endforeach()
file(WRITE ${OUT} "#include \"gate/store/schema.h\"

namespace gate {

const std::vector<SchemaFile>& ${ENGINE}SchemaFiles() {
  static const std::vector<SchemaFile>& files = *new std::vector<SchemaFile>{
${entries}  };
  return files;
}

}  // namespace gate
")
