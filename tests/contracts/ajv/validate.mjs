// Reads {schemas: {name: schema}, cases: [{schema: name, data}], asyncapi: document} and says of each case whether it is valid, once by
// draft-07 and once by 2020-12, and what is wrong with the AsyncAPI document by the schema of AsyncAPI itself.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';

const input = JSON.parse(readFileSync(0, 'utf8'));

function judge(Validator) {
  const ajv = new Validator({ strict: true, allowUnionTypes: true });
  ajv.addVocabulary(['x-unit']);
  const validators = Object.fromEntries(Object.entries(input.schemas).map(([name, { $schema, ...schema }]) => [name, ajv.compile(schema)]));
  return input.cases.map(({ schema, data }) => validators[schema](data));
}

function judgeAsyncApi() {
  const schema = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json');
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  return validate(input.asyncapi) ? [] : validate.errors.map(error => `${error.instancePath} ${error.message}`);
}

console.log(JSON.stringify({ draft7: judge(Ajv), draft2020: judge(Ajv2020), asyncapi: input.asyncapi ? judgeAsyncApi() : [] }));
