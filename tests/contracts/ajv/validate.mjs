// Reads {schemas: {name: schema}, cases: [{schema: name, data}], asyncapi: document} from the standard input. Prints for each case whether it
// is valid in draft-07 and in 2020-12, and the errors of the AsyncAPI document.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';

const input = JSON.parse(readFileSync(0, 'utf8'));

function validate(Validator) {
  const ajv = new Validator({ strict: true, allowUnionTypes: true });
  ajv.addVocabulary(['x-unit']);
  const validators = Object.fromEntries(Object.entries(input.schemas).map(([name, { $schema, ...schema }]) => [name, ajv.compile(schema)]));
  return input.cases.map(({ schema, data }) => validators[schema](data));
}

function validateAsyncApi() {
  const schema = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json');
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  return validate(input.asyncapi) ? [] : validate.errors.map(error => `${error.instancePath} ${error.message}`);
}

console.log(JSON.stringify({ draft7: validate(Ajv), draft2020: validate(Ajv2020), asyncapi: input.asyncapi ? validateAsyncApi() : [] }));
