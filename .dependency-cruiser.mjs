/** The table of who may import whom (design § 3), as rules. A room that is not named may not be entered. */
const rule = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to });
const TEST = '\\.(test|property\\.test)\\.ts$';

export default {
  forbidden: [
    rule('no-cycles', {}, { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }, 'A cycle has no beginning to read from.'),
    rule('domain-is-pure', { path: '^libs/domain', pathNot: TEST }, { pathNot: ['^libs/domain', '^node_modules/canonicalize'] }, 'No I/O, clock, randomness, framework or Node built-in.'),
    rule('platform-stands-below', { path: '^libs/platform' }, { path: ['^apps', '^workflows', '^activities'] }, 'The platform knows nobody above it.'),
    rule('workflows-touch-nothing', { path: '^workflows', pathNot: TEST }, { path: ['^libs/platform', '^apps', '^node_modules/(?!@temporalio/(workflow|common))'] }, 'Workflow code is deterministic: rules and messages only.'),
    rule('workflows-see-activity-types-only', { path: '^workflows', pathNot: TEST }, { path: '^activities', dependencyTypesNot: ['type-only'] }, 'An activity runs elsewhere; only its type is known here.'),
    rule('workflows-use-others-messages', { path: '^workflows/([^/]+)/' }, { path: '^workflows/([^/]+)/', pathNot: ['^workflows/$1/', '\\.messages\\.ts$', '^workflows/common/'] }, 'Another domain is addressed by its messages.'),
    rule('activities-stay-home', { path: '^activities/([^/]+)/', pathNot: TEST }, { path: ['^apps', '^workflows/(?!.*\\.messages\\.ts$)'] }, 'Activities serve workflows and do not know applications.'),
    rule('gateway-and-cli-start-workflows-by-name', { path: '^apps/(gateway|cli)' }, { path: ['^workflows/(?!.*\\.messages\\.ts$)'], dependencyTypesNot: ['type-only'] }, 'Types and messages of workflows, nothing that runs.'),
    rule('gateway-and-cli-run-no-activity', { path: '^apps/(gateway|cli)' }, { path: '^activities' }, 'An effect belongs to a workflow or to one transaction.'),
    rule('apps-are-apart', { path: '^apps/([^/]+)/' }, { path: '^apps/([^/]+)/', pathNot: '^apps/$1/' }, 'Processes talk over the network.'),
    rule('nest-only-in-apps', { pathNot: ['^apps', '^test'] }, { path: '^node_modules/@nestjs' }, 'One framework per room.'),
    rule('workflow-sdk-only-in-workflows', { pathNot: ['^workflows', '^test'] }, { path: '^node_modules/@temporalio/workflow', dependencyTypesNot: ['type-only'] }, 'One framework per room.'),
    rule('orm-only-where-a-manager-is-handed', { pathNot: ['^libs/platform/db', '^test'] }, { path: '^node_modules/@mikro-orm', dependencyTypesNot: ['type-only'] }, 'One framework per room.'),
    rule('no-test-code-in-the-product', { path: '^(apps|workflows|activities|libs)', pathNot: TEST }, { path: ['^test', TEST] }, 'What ships contains no test.'),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: ['node_modules', 'dist'] },
    exclude: { path: ['^dist', '\\.local'] },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['source', 'import', 'node', 'types', 'default'], extensions: ['.ts', '.mjs', '.js'] },
  },
};
