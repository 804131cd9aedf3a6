// As pg without pg-native: whoever asks for it is told that there is none.
throw Object.assign(new Error('there are no native bindings in sluice-pg'), {
  code: 'MODULE_NOT_FOUND',
})
